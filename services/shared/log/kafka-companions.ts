import type { LogRecord, TopicPartition } from './port.ts';

/** What a consumer fetched of a partition. */
export interface FetchedRange extends TopicPartition {
  /** Kafka's id of the topic, as the consumer knows it; undefined where Kafka has none. */
  readonly topicId: string | undefined;
  /** Nothing lies between this offset and the first record. */
  readonly from: number;
  readonly records: readonly LogRecord[];
  /** Beyond the last record, and beyond offsets after it that hold none. */
  readonly next: number;
  readonly endOffset: number;
  /** When Kafka answered, in milliseconds since 1970. */
  readonly fetchedAt: number;
  /** How many consumers are given these very records, when they are offered. */
  readonly readers: number;
}

/** A consumer, as the others of its process see it. */
export interface Companion {
  /** Where it fetches the partition next, if it hands on what it fetches. */
  leadsAt(at: TopicPartition, topicId: string | undefined): number | null;
  /** Whether it would take these very records. */
  wants(range: FetchedRange): boolean;
  /** Takes what it reads next, if that is in the range, and resolves when it is through; null when it is not. */
  offered(range: FetchedRange): Promise<void> | null;
  /** Who fetched the partition does not any more: whoever relied on it must fetch for itself. */
  left(at: TopicPartition): void;
}

/** The consumers of a process. */
export interface Companions {
  /** Adds one, until the returned function is called. */
  join(companion: Companion): () => void;
  /** Where the others fetch the partition of a range that hand on what they fetch. */
  leaders(range: FetchedRange, but: Companion): readonly number[];
  /** How many others would take the records of a range. */
  wanting(range: FetchedRange, but: Companion): number;
  /** Offers a range to all others; gives what those are at that take of it. */
  offer(range: FetchedRange, but: Companion): readonly Promise<void>[];
  left(at: TopicPartition, who: Companion): void;
}

export function createCompanions(): Companions {
  const all = new Set<Companion>();
  const others = (but: Companion): Companion[] => [...all].filter((one) => one !== but);
  return {
    join(companion) {
      all.add(companion);
      return () => void all.delete(companion);
    },
    leaders: (range, but) =>
      others(but)
        .map((one) => one.leadsAt(range, range.topicId))
        .filter((position) => position !== null),
    wanting: (range, but) => others(but).filter((one) => one.wants(range)).length,
    offer: (range, but) =>
      others(but)
        .map((one) => one.offered(range))
        .filter((taken) => taken !== null),
    left(at, who) {
      for (const one of others(who)) one.left(at);
    },
  };
}
