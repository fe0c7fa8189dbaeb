import type { EventLog, OutgoingRecord, TopicPartition } from './port.ts';

/** A partition that is made where another log ended. */
export interface BegunPartition {
  /** The offset of its first record: what came before is elsewhere. */
  readonly start: number;
  /** Nothing in it is older than this, in milliseconds since 1970. */
  readonly timestamp: number;
  /** Its first records; topic and partition are those that it is made for. */
  readonly records: readonly Omit<OutgoingRecord, 'topic' | 'partition'>[];
}

export interface BegunTopic {
  readonly name: string;
  /** By number. */
  readonly partitions: readonly BegunPartition[];
}

/** What the embedded log can besides, because nobody else does it: on a cluster the broker does. */
export interface EmbeddedLog extends EventLog {
  /** Makes topics that go on where others ended, all or none of them. Throws TOPIC_MISMATCH when one is there. */
  begin(topics: readonly BegunTopic[]): Promise<void>;
  /**
   * Removes the records of a partition below an offset, the oldest first, a bounded number in a transaction: stopped at any
   * moment, even by kill -9, it has removed a beginning and nothing else. Resolves to how many. Readers of what is removed
   * are told, as by the port.
   */
  trim(at: TopicPartition, below: number): Promise<number>;
  /** The first offset of a record that the log appended at `time`, or later; its end when there is none. */
  offsetAt(at: TopicPartition, time: number): number;
}
