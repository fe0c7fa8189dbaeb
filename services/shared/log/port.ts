/**
 * The event log: topics of numbered partitions, each an append-only sequence of records.
 *
 * Offsets are plain numbers. Kafka's are 64-bit, but a partition reaches 2^53 only after 285 years at a million
 * records a second.
 */

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface LogRecord {
  readonly offset: number;
  /** When the log appended it, in milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
}

/** Consecutive records of one partition, in offset order, never empty. */
export interface Batch extends TopicPartition {
  readonly records: readonly LogRecord[];
  /** The offset that the next record appended to the partition would have had when the batch was fetched. */
  readonly endOffset: number;
  /** When the log told that end, in milliseconds since 1970; when the batch is given, unless told. */
  readonly fetchedAt?: number;
  /** How many consumers of the process are given these very records, in the same array; one unless told. */
  readonly readers?: number;
}

export interface OutgoingRecord {
  readonly topic: string;
  /** Records of one key go to one partition and keep the order in which they were given. */
  readonly key: string;
  readonly value: Buffer;
  readonly headers?: Readonly<Record<string, Buffer>>;
  /** Instead of the key's own, for a record that must stand beside another one. */
  readonly partition?: number;
}

/** Where a record was put. `offset` is null when the log took it as a repeat of one that it already has. */
export interface Appended extends TopicPartition {
  readonly offset: number | null;
}

export interface PartitionOffsets {
  readonly partition: number;
  /** The oldest offset still kept. */
  readonly start: number;
  /** One past the newest: the offset of the next record. */
  readonly end: number;
}

export interface Producer {
  /**
   * Appends all the records, and resolves when the log has made every one of them durable (acks=all), with their
   * places in the order given. Rejects when any was not: those that did arrive may then be there twice after a
   * repeat, so the caller fixes an event's id before its first attempt.
   */
  send(records: readonly OutgoingRecord[]): Promise<readonly Appended[]>;
  close(): Promise<void>;
}

/** What a member of a consumer group must answer to. All are called by one consumer, never concurrently. */
export interface ConsumerHandlers {
  /**
   * The group gave this member `partitions`, all of them, also those it had before. Called synchronously with every
   * one of them paused; nothing of a partition is delivered before `start` names the offset to read from.
   */
  assigned(partitions: readonly TopicPartition[]): void;
  /** The assignment is over: nothing may be written for its partitions until the next `assigned`. */
  revoked(): void;
  /**
   * The next records of a started partition. Resolves when the consumer may fetch on; must not reject. Batches of
   * different partitions may overlap in time, those of one partition never do.
   */
  batch(batch: Batch): Promise<void>;
  /**
   * A number that changes whenever the batch in hand of a partition gets on. One that neither ends nor gets on for some
   * minutes is not slow but stuck, and the consumer begins anew; without this, none gets on before it ends.
   */
  progress?(at: TopicPartition): number;
  /** A fetch of a started partition ended at the log's end with nothing new. */
  caughtUp(at: TopicPartition, endOffset: number): void;
  /**
   * The log does not hold the position of a started partition: it lies below the log's start or beyond its end, because
   * records expired or the topic was made anew. Nothing more of it is delivered until the next `start`.
   */
  outOfRange(at: TopicPartition): void;
  /** The consumer cannot go on and will not recover by itself: the process should end and be started anew. */
  failed(error: Error): void;
}

/** One member of a consumer group. Positions are the caller's: the group's own offsets are only a mirror. */
export interface GroupConsumer {
  /** Joins the group. Resolves when the first join was sent; from then on the handlers are called. */
  run(handlers: ConsumerHandlers): Promise<void>;
  /** Reads a partition of the current assignment from exactly `offset` on. Also the way to go back. */
  start(at: TopicPartition, offset: number): void;
  /** Stops delivery of a partition; `resume` goes on where it stopped. */
  pause(at: TopicPartition): void;
  resume(at: TopicPartition): void;
  /**
   * Writes the group's committed offset for lag tools and, doing so, asks whether the group still counts this
   * member in: true when it was accepted under the current assignment.
   */
  mirror(at: TopicPartition, nextOffset: number): Promise<boolean>;
  /** Leaves the group and resolves when no handler will be called any more. */
  stop(): Promise<void>;
}

export interface ConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** No other member will ever be in its group: then it need not hear soon of those who join and leave. */
  readonly alone?: boolean;
}

export interface ReadRange extends TopicPartition {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export interface EventLog {
  /**
   * Makes the topics that are missing. Throws TOPIC_MISMATCH, naming every one, when a topic exists with another
   * number of partitions.
   */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** The number of partitions of a topic, or null when there is no such topic. */
  partitionCount(topic: string): Promise<number | null>;
  /** Throws UNKNOWN_TOPIC when there is no such topic. */
  offsets(topic: string): Promise<readonly PartitionOffsets[]>;
  /** The group's mirrored offsets by partition; a partition without one is absent. */
  mirrored(groupId: string, topic: string): Promise<ReadonlyMap<number, number>>;
  /**
   * For how long the log keeps the records of a topic, in milliseconds; null where none goes for its age. Throws
   * UNKNOWN_TOPIC when there is no such topic.
   */
  retentionMs(topic: string): Promise<number | null>;
  createProducer(): Promise<Producer>;
  createConsumer(options: ConsumerOptions): GroupConsumer;
  /**
   * Reads a range without a group. Throws OFFSET_OUT_OF_RANGE when it does not lie within the log's start and end.
   * Ends after the last record below `to`, whatever offsets are unused in between.
   */
  read(range: ReadRange): AsyncIterable<readonly LogRecord[]>;
  /** Resolves when the log answers; rejects with LOG_UNAVAILABLE. */
  check(): Promise<void>;
  close(): Promise<void>;
}
