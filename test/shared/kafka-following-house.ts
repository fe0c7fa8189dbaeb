import {
  type Companions,
  createCompanions,
  type FetchedRange,
} from '../../services/shared/log/kafka-companions.ts';
import { createFollowing } from '../../services/shared/log/kafka-following.ts';
import { createLeading } from '../../services/shared/log/kafka-leading.ts';
import { newReading, type Reading } from '../../services/shared/log/kafka-reading.ts';
import type { Batch, LogRecord } from '../../services/shared/log/port.ts';

export const at = { topic: 't', partition: 0 };
export const END = 100_000;
export const OLD_MS = 60_000;

const recordOf = (offset: number, timestamp: number): LogRecord => ({
  ...at,
  offset,
  timestamp,
  key: Buffer.from('k'),
  value: Buffer.from(String(offset)),
  headers: {},
});

export function rangeOf(from: number, count: number, { topicId = 'id', ageMs = 0 } = {}): FetchedRange {
  const records = Array.from({ length: count }, (_, n) => recordOf(from + n, Date.now() - ageMs));
  return { ...at, topicId, from, records, next: from + count, endOffset: END, fetchedAt: 7, readers: 1 };
}

/** A consumer of the process, which reads one partition and notes what it is given, and what it has fetched. */
function createReader(companions: Companions, position = 0) {
  const reading: Reading = newReading(at, position);
  reading.heardAt = Date.now();
  const batches: Batch[] = [];
  const fetched: string[] = [];
  const failures: Error[] = [];
  const seen = { member: true, work: undefined as Promise<void> | undefined };
  const gotTo = (one: Reading, next: number, endOffset: number): void => {
    Object.assign(one, { position: next, endOffset, heardAt: Date.now() });
  };
  const common = {
    readings: new Map([['t/0', reading]]),
    topicId: () => 'id',
    isMember: () => seen.member,
    async handle(batch: Batch) {
      batches.push(batch);
      await seen.work;
    },
  };
  const following = createFollowing({
    ...common,
    gotTo,
    gotNothing: gotTo,
    failed: (error) => void failures.push(error),
    fetching: {
      stop: () => void fetched.push('stop'),
      goOn: () => void fetched.push('go on'),
      from: (one) => void fetched.push(`from ${one.position}`),
    },
  });
  const leading = createLeading({ ...common, companions, following });
  const deliver = (range: FetchedRange): Promise<void> =>
    leading.deliver(reading, range, {
      passed: (slice) => gotTo(reading, slice.next, slice.endOffset),
      beat: async () => undefined,
    });
  const offsets = (): number[] => batches.flatMap(({ records }) => records.map(({ offset }) => offset));
  return { reading, batches, fetched, failures, seen, following, leading, deliver, offsets };
}

export type Reader = ReturnType<typeof createReader>;

export function createHouse(positions: readonly number[]) {
  const companions = createCompanions();
  return positions.map((position) => createReader(companions, position));
}

/** What a reader keeps in hand until it is released. */
export function hold(reader: Reader): () => void {
  let release = (): void => undefined;
  reader.seen.work = new Promise((resolve) => {
    release = resolve;
  });
  return () => {
    reader.seen.work = undefined;
    release();
  };
}

export const numbers = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, n) => from + n);
