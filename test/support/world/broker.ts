import { LecternError } from '../../../services/shared/errors.ts';
import { keyOf } from '../../../services/shared/log/partition-key.ts';
import type {
  Appended,
  LogRecord,
  OutgoingRecord,
  PartitionOffsets,
  TopicPartition,
} from '../../../services/shared/log/port.ts';
import { partitionOf } from '../../../services/shared/partition.ts';

/** What the log's servers hold. Records that retention removed are kept aside, for the archive and for the oracle. */
export interface Broker {
  readonly topics: ReadonlyMap<string, number>;
  createTopic(name: string, partitions: number): void;
  append(records: readonly OutgoingRecord[]): readonly (TopicPartition & { readonly offset: number })[];
  /** Calls `appended` once, when the partition has an offset that it has not yet; not at all after the returned function was called. */
  onAppend(at: TopicPartition, appended: () => void): () => void;
  /** Offsets that no record has, as a transaction's markers take them. */
  skip(at: TopicPartition, count: number): void;
  /** From now on records are stamped so much later. */
  advanceTimestamps(ms: number): void;
  /** Retention: what lies below `start` is gone. */
  trim(at: TopicPartition, start: number): void;
  bounds(at: TopicPartition): { readonly start: number; readonly end: number };
  offsets(topic: string): readonly PartitionOffsets[];
  /** At most `max` records from an offset on, of those that are still there. */
  read(at: TopicPartition, from: number, max: number): readonly LogRecord[];
  /** Every record that there ever was. */
  all(at: TopicPartition): readonly LogRecord[];
}

interface Partition {
  start: number;
  end: number;
  readonly records: LogRecord[];
  readonly waiting: Set<() => void>;
}

/** The index of the first record at or past an offset. */
function indexOf(records: readonly LogRecord[], offset: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (records[middle]!.offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function createBroker(now: () => number): Broker {
  const topics = new Map<string, number>();
  const partitions = new Map<string, Partition>();
  let ahead = 0;

  const get = (at: TopicPartition): Partition => {
    const found = partitions.get(keyOf(at));
    if (found === undefined) throw new LecternError('UNKNOWN_TOPIC', `there is no ${keyOf(at)}`);
    return found;
  };
  const countOf = (topic: string): number => {
    const count = topics.get(topic);
    if (count === undefined) throw new LecternError('UNKNOWN_TOPIC', `there is no topic ${topic}`);
    return count;
  };

  return {
    topics,
    createTopic(name, count) {
      topics.set(name, count);
      for (let partition = 0; partition < count; partition++)
        partitions.set(keyOf({ topic: name, partition }), {
          start: 0,
          end: 0,
          records: [],
          waiting: new Set(),
        });
    },
    append: (records) =>
      records.map(({ topic, key, value, headers = {}, ...given }) => {
        const partition = given.partition ?? partitionOf(key, countOf(topic));
        const target = get({ topic, partition });
        const offset = target.end++;
        const timestamp = Math.floor(now() + ahead);
        target.records.push({ offset, timestamp, key: Buffer.from(key), value, headers });
        for (const appended of target.waiting) appended();
        target.waiting.clear();
        return { topic, partition, offset } satisfies Appended;
      }),
    onAppend(at, appended) {
      const { waiting } = get(at);
      waiting.add(appended);
      return () => void waiting.delete(appended);
    },
    skip(at, count) {
      get(at).end += count;
    },
    advanceTimestamps(ms) {
      ahead += ms;
    },
    trim(at, start) {
      const target = get(at);
      target.start = Math.max(target.start, Math.min(start, target.end));
    },
    bounds(at) {
      const { start, end } = get(at);
      return { start, end };
    },
    offsets: (topic) =>
      Array.from({ length: countOf(topic) }, (_, partition) => {
        const { start, end } = get({ topic, partition });
        return { partition, start, end };
      }),
    read(at, from, max) {
      const { records, start } = get(at);
      const first = indexOf(records, Math.max(from, start));
      return records.slice(first, first + max);
    },
    all: (at) => get(at).records,
  };
}
