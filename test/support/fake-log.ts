import { LecternError } from '../../services/shared/errors.ts';
import { keyOf } from '../../services/shared/log/partition-key.ts';
import type {
  ConsumerHandlers,
  EventLog,
  GroupConsumer,
  LogRecord,
  TopicPartition,
} from '../../services/shared/log/port.ts';

/** A group member that a test plays the group for. Without that it owns all partitions of its topics. */
export interface FakeMember {
  readonly mirrored: ReadonlyMap<string, number>;
  /** How many records it was handed. */
  readonly delivered: number;
  assign(partitions: readonly TopicPartition[]): void;
  revoke(): void;
  /** Hands out nothing and takes nothing any more, as if its process had been killed. */
  kill(): void;
}

export interface FakeLog {
  readonly log: EventLog;
  readonly members: readonly FakeMember[];
  append(at: TopicPartition, records: readonly Partial<LogRecord>[]): void;
  /** Retention: offsets below `start` are gone. */
  trim(at: TopicPartition, start: number): void;
  /** Sets for how long it says that it keeps records, in milliseconds; at first it removes none for their age. */
  keepFor(ms: number | null): void;
  /** Under the old name, a topic of no records. */
  recreate(topic: string): void;
}

const BATCH = 7;

interface Partition {
  start: number;
  end: number;
  records: LogRecord[];
}

/** An `EventLog` in memory, for one reader at a time to be tried with what groups and retention do. */
export function createFakeLog(topics: Readonly<Record<string, number>>): FakeLog {
  const partitions = new Map<string, Partition>();
  const members: (FakeMember & { wake(): void })[] = [];
  let retentionMs: number | null = null;
  const reset = (topic: string): void => {
    for (let partition = 0; partition < topics[topic]!; partition++)
      partitions.set(keyOf({ topic, partition }), { start: 0, end: 0, records: [] });
  };
  for (const topic of Object.keys(topics)) reset(topic);
  const partitionsOf = (topic: string): TopicPartition[] =>
    Array.from({ length: topics[topic] ?? 0 }, (_, partition) => ({ topic, partition }));
  const wakeAll = (): void => {
    for (const member of members) member.wake();
  };

  const createConsumer: EventLog['createConsumer'] = (options) => {
    const readings = new Map<string, { at: TopicPartition; position: number; paused: boolean }>();
    const mirrored = new Map<string, number>();
    const busy = new Set<string>();
    let assigned = new Set<string>();
    let handlers: ConsumerHandlers | undefined;
    let alive = true;
    let delivered = 0;

    const step = async (key: string): Promise<void> => {
      const reading = readings.get(key);
      if (!alive || reading === undefined || reading.paused || busy.has(key)) return;
      const { records, start, end } = partitions.get(key)!;
      if (reading.position < start || reading.position > end) {
        readings.delete(key);
        return handlers!.outOfRange(reading.at);
      }
      const page = records.filter(({ offset }) => offset >= reading.position).slice(0, BATCH);
      const last = page.at(-1);
      if (last === undefined) return handlers!.caughtUp(reading.at, end);
      busy.add(key);
      delivered += page.length;
      await handlers!.batch({ ...reading.at, records: page, endOffset: end });
      busy.delete(key);
      reading.position = last.offset + 1;
      setImmediate(() => void step(key));
    };
    const wake = (): void => {
      for (const key of readings.keys()) setImmediate(() => void step(key));
    };
    const revoke = (): void => {
      readings.clear();
      assigned = new Set();
      handlers?.revoked();
    };
    const assign = (list: readonly TopicPartition[]): void => {
      revoke();
      assigned = new Set(list.map(keyOf));
      if (alive) handlers?.assigned(list);
    };
    members.push({
      mirrored,
      get delivered() {
        return delivered;
      },
      assign,
      revoke,
      kill() {
        alive = false;
      },
      wake,
    });
    const consumer: GroupConsumer = {
      async run(given) {
        handlers = given;
        assign(options.topics.flatMap(partitionsOf));
      },
      start(at, offset) {
        if (!alive || !assigned.has(keyOf(at))) return;
        readings.set(keyOf(at), { at, position: offset, paused: false });
        wake();
      },
      pause(at) {
        const reading = readings.get(keyOf(at));
        if (reading !== undefined) reading.paused = true;
      },
      resume(at) {
        const reading = readings.get(keyOf(at));
        if (reading !== undefined) reading.paused = false;
        wake();
      },
      async mirror(at, nextOffset) {
        if (!alive || !assigned.has(keyOf(at))) return false;
        mirrored.set(keyOf(at), nextOffset);
        return true;
      },
      async stop() {
        revoke();
        alive = false;
      },
    };
    return consumer;
  };

  const unused = (): never => {
    throw new LecternError('CLOSED', 'the fake log does not do this');
  };
  const log: EventLog = {
    ensureTopics: async () => undefined,
    partitionCount: async (topic) => topics[topic] ?? null,
    offsets: async (topic) =>
      partitionsOf(topic).map((at) => {
        const { start, end } = partitions.get(keyOf(at))!;
        return { partition: at.partition, start, end };
      }),
    async mirrored(_, topic) {
      const committed = new Map(members.flatMap(({ mirrored }) => [...mirrored]));
      return new Map(
        partitionsOf(topic).flatMap((at) => {
          const next = committed.get(keyOf(at));
          return next === undefined ? [] : [[at.partition, next] as const];
        }),
      );
    },
    retentionMs: async () => retentionMs,
    createProducer: unused,
    createConsumer,
    async *read({ from, to, ...at }) {
      for (let next = from; next < to; ) {
        const { start, end, records } = partitions.get(keyOf(at))!;
        if (next < start || to > end)
          throw new LecternError('OFFSET_OUT_OF_RANGE', `it holds offsets ${start} to ${end}`);
        const page = records.filter(({ offset }) => offset >= next && offset < to).slice(0, BATCH);
        if (page.length === 0) return;
        yield page;
        next = page.at(-1)!.offset + 1;
      }
    },
    check: async () => undefined,
    close: async () => undefined,
  };

  return {
    log,
    members,
    append(at, records) {
      const partition = partitions.get(keyOf(at))!;
      for (const given of records)
        partition.records.push({
          timestamp: Date.now(),
          key: null,
          value: null,
          headers: {},
          ...given,
          offset: partition.end++,
        });
      wakeAll();
    },
    trim(at, start) {
      const partition = partitions.get(keyOf(at))!;
      partition.start = start;
      partition.records = partition.records.filter(({ offset }) => offset >= start);
    },
    keepFor(ms) {
      retentionMs = ms;
    },
    recreate: reset,
  };
}
