import { setTimeout as sleep } from 'node:timers/promises';
import type { House, Loaded } from './house.ts';
import { loadRecord, talliesOf } from './load.ts';

export interface LiveLoad {
  /** Resolves when what was begun is appended; tells what was sent in all. */
  stop(): Promise<Loaded>;
}

export interface LiveLoadOptions {
  readonly source: string;
  readonly students: number;
  readonly eventsPerSecond: number;
}

const PACE_MS = 20;
const PAYLOAD_BYTES = 300;

/** Appends events at a steady pace, every student in turn, until it is stopped. */
export async function startLiveLoad(house: House, options: LiveLoadOptions): Promise<LiveLoad> {
  const { source, students } = options;
  const topic = await house.makeTopic(source);
  const load = { namespace: house.namespace, source, payloadBytes: PAYLOAD_BYTES, sessions: true };
  const producer = await house.log.createProducer();
  const counts = new Uint32Array(students);
  const startedAt = Date.now();
  let events = 0;
  let stopped = false;

  const next = (): ReturnType<typeof loadRecord> => {
    const student = events % students;
    const n = counts[student]!;
    counts[student] = n + 1;
    events += 1;
    return loadRecord(load, student, n);
  };
  const sending = (async () => {
    while (!stopped) {
      const due = Math.floor(((Date.now() - startedAt) / 1_000) * options.eventsPerSecond);
      await producer.send(Array.from({ length: Math.max(0, due - events) }, next));
      await sleep(PACE_MS);
    }
  })();
  // Whoever stops it hears of a failure.
  sending.catch(() => undefined);
  return {
    async stop() {
      stopped = true;
      await sending;
      await producer.close();
      return { source, topic, events, tallies: talliesOf(counts) };
    },
  };
}
