import { afterEach, expect, jest, test } from '@jest/globals';
import {
  type Companions,
  createCompanions,
  type FetchedRange,
} from '../../services/shared/log/kafka-companions.ts';
import { createFollowing } from '../../services/shared/log/kafka-following.ts';
import { newReading, type Reading } from '../../services/shared/log/kafka-reading.ts';
import type { Batch, LogRecord } from '../../services/shared/log/port.ts';
import { waitFor } from '../support/wait.ts';

const at = { topic: 't', partition: 0 };
const END = 100_000;
const OLD_MS = 60_000;

afterEach(() => {
  jest.restoreAllMocks();
});

const recordOf = (offset: number, timestamp: number): LogRecord => ({
  ...at,
  offset,
  timestamp,
  key: Buffer.from('k'),
  value: Buffer.from(String(offset)),
  headers: {},
});

function rangeOf(from: number, count: number, { topicId = 'id', ageMs = 0 } = {}): FetchedRange {
  const records = Array.from({ length: count }, (_, n) => recordOf(from + n, Date.now() - ageMs));
  return { ...at, topicId, from, records, next: from + count, endOffset: END, readers: 1 };
}

/** A consumer of the process, which reads one partition and notes what it is given, and what it has fetched. */
function createReader(companions: Companions, position = 0) {
  const reading: Reading = newReading(at, position);
  reading.heardAt = Date.now();
  const batches: Batch[] = [];
  const fetched: string[] = [];
  const seen = { member: true, work: undefined as Promise<void> | undefined };
  const gotTo = (one: Reading, next: number, endOffset: number): void => {
    Object.assign(one, { position: next, endOffset, heardAt: Date.now() });
  };
  const following = createFollowing({
    readings: new Map([['t/0', reading]]),
    companions,
    topicId: () => 'id',
    isMember: () => seen.member,
    async handle(batch) {
      batches.push(batch);
      await seen.work;
    },
    gotTo,
    fetching: {
      stop: () => void fetched.push('stop'),
      goOn: () => void fetched.push('go on'),
      from: (one) => void fetched.push(`from ${one.position}`),
    },
  });
  const deliver = (range: FetchedRange): Promise<void> =>
    following.deliver(reading, range, {
      passed: (slice) => gotTo(reading, slice.next, slice.endOffset),
      beat: async () => undefined,
    });
  const offsets = (): number[] => batches.flatMap(({ records }) => records.map(({ offset }) => offset));
  return { reading, batches, fetched, seen, following, deliver, offsets };
}

function createHouse(positions: readonly number[]) {
  const companions = createCompanions();
  return positions.map((position) => createReader(companions, position));
}

/** What a reader keeps in hand until it is released. */
function hold(reader: ReturnType<typeof createReader>): () => void {
  let release = (): void => undefined;
  reader.seen.work = new Promise((resolve) => {
    release = resolve;
  });
  return () => {
    reader.seen.work = undefined;
    release();
  };
}

const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => from + n);

test('those who are at the same place are given the same arrays, in parts, and fetch no longer', async () => {
  const [leader, second, third] = createHouse([0, 0, 0]);
  await leader!.deliver(rangeOf(0, 600));
  for (const { batches, reading, offsets } of [leader!, second!, third!]) {
    expect(offsets()).toEqual(numbers(0, 600));
    expect(batches.map(({ records }) => records.length)).toEqual([256, 256, 88]);
    expect(batches.map(({ readers }) => readers)).toEqual([3, 3, 3]);
    expect(reading.position).toBe(600);
  }
  for (const [n, batch] of second!.batches.entries()) expect(batch.records).toBe(leader!.batches[n]!.records);
  expect([leader!.fetched, second!.fetched, third!.fetched]).toEqual([[], ['stop'], ['stop']]);
  expect([second!.reading.follows, third!.reading.follows]).toEqual([true, true]);
});

test('one that begins in the middle gets what it lacks, and one that is elsewhere nothing', async () => {
  const [leader, middle, ahead, behind] = createHouse([10, 15, 20, 5]);
  await leader!.deliver(rangeOf(10, 10));
  expect(middle!.offsets()).toEqual(numbers(15, 5));
  expect(ahead!.offsets()).toEqual([]);
  expect(behind!.offsets()).toEqual([]);
  expect([ahead!.fetched, behind!.fetched]).toEqual([[], []]);
});

test.each<[string, (reader: ReturnType<typeof createReader>) => void]>([
  ['is paused', ({ reading }) => Object.assign(reading, { paused: true })],
  ['is between two assignments', ({ seen }) => Object.assign(seen, { member: false })],
  ['has not heard yet which topic it reads', ({ reading }) => Object.assign(reading, { heardAt: 0 })],
  ['knew of a later end', ({ reading }) => Object.assign(reading, { endOffset: END + 1 })],
])('nothing is given to one that %s', async (_, change) => {
  const [leader, other] = createHouse([0, 0]);
  change(other!);
  await leader!.deliver(rangeOf(0, 3));
  expect(other!.offsets()).toEqual([]);
  expect(leader!.batches[0]!.readers).toBe(1);
});

test('nothing of a topic that was made again is given to one that reads the former', async () => {
  const [leader, other] = createHouse([0, 0]);
  await leader!.deliver(rangeOf(0, 3, { topicId: 'another' }));
  expect(other!.offsets()).toEqual([]);
  expect(leader!.offsets()).toEqual([0, 1, 2]);
});

test('one that is slower than the others misses what comes next, and fetches it when it is through', async () => {
  const [leader, slow, third] = createHouse([0, 0, 0]);
  await leader!.deliver(rangeOf(0, 3));
  const release = hold(slow!);
  await leader!.deliver(rangeOf(3, 3));
  await leader!.deliver(rangeOf(6, 3));
  expect(third!.offsets()).toEqual(numbers(0, 9));
  expect(slow!.offsets()).toEqual(numbers(0, 6));
  expect(slow!.fetched).toEqual(['stop']);
  release();
  await waitFor(() => slow!.fetched.length === 2, { message: 'it fetches' });
  expect(slow!.fetched).toEqual(['stop', 'from 6']);
  // Whether the topic is still the same is to be asked.
  expect(slow!.reading.heardAt).toBe(0);
  await leader!.deliver(rangeOf(9, 3));
  expect(slow!.offsets()).toEqual(numbers(0, 6));
});

test('the others fetch for themselves when the one that fetches is slow', async () => {
  const [leader, second] = createHouse([0, 0]);
  await leader!.deliver(rangeOf(0, 3));
  const release = hold(leader!);
  const delivered = leader!.deliver(rangeOf(3, 3));
  await waitFor(() => second!.fetched.length === 2, { message: 'it fetches' });
  expect(second!.offsets()).toEqual(numbers(0, 6));
  expect(second!.fetched).toEqual(['stop', 'from 6']);
  expect(second!.reading.follows).toBe(false);
  release();
  await delivered;
  // It is alone for a while: nobody waits for it, and it waits for nobody.
  await leader!.deliver(rangeOf(6, 3));
  expect(second!.offsets()).toEqual(numbers(0, 6));
  expect(leader!.offsets()).toEqual(numbers(0, 9));
});

test.each<[string, (reader: ReturnType<typeof createReader>) => void]>([
  ['leaves the partition', ({ following, reading }) => following.leave(reading)],
  ['tells nothing for seconds', () => jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_001)],
])('those who follow one that %s fetch for themselves, from where they are', async (_, end) => {
  const [leader, second] = createHouse([0, 0]);
  await leader!.deliver(rangeOf(0, 3));
  second!.following.look();
  expect(second!.fetched).toEqual(['stop']);
  end(leader!);
  second!.following.look();
  expect(second!.fetched).toEqual(['stop', 'from 3']);
  expect(second!.reading.heardAt).toBe(0);
});

test('a fetch that brings nothing tells the others that they are at the end', async () => {
  const [leader, second] = createHouse([0, 0]);
  await leader!.deliver(rangeOf(0, 3));
  second!.reading.heardAt = 1;
  leader!.following.tellNothing(leader!.reading, { ...at, fetchedFrom: 3, next: 3, endOffset: END });
  await waitFor(() => second!.reading.heardAt > 1, { message: 'it has heard' });
  expect(second!.batches).toHaveLength(1);
});

test('one that was paused while it followed fetches when it is resumed', async () => {
  const [leader, second] = createHouse([0, 0]);
  await leader!.deliver(rangeOf(0, 3));
  second!.reading.paused = true;
  await leader!.deliver(rangeOf(3, 3));
  second!.reading.paused = false;
  second!.following.resume(second!.reading);
  expect(second!.fetched).toEqual(['stop', 'from 3']);
});

test('of those who read what is long past, one that is a little ahead waits for the one behind', async () => {
  const [ahead, behind] = createHouse([1_000, 0]);
  await ahead!.deliver(rangeOf(1_000, 3, { ageMs: OLD_MS }));
  expect(ahead!.offsets()).toEqual([]);
  expect(ahead!.reading.follows).toBe(true);
  await behind!.deliver(rangeOf(0, 1_000, { ageMs: OLD_MS }));
  await behind!.deliver(rangeOf(1_000, 3, { ageMs: OLD_MS }));
  expect(ahead!.offsets()).toEqual([1_000, 1_001, 1_002]);
});

test('one that waited for another in vain waits for nobody for a while', async () => {
  const [ahead] = createHouse([1_000, 0]);
  const old = { ageMs: OLD_MS };
  await ahead!.deliver(rangeOf(1_000, 3, old));
  expect(ahead!.offsets()).toEqual([]);
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_001);
  ahead!.following.look();
  expect(ahead!.fetched).toEqual(['stop', 'from 1000']);
  await ahead!.deliver(rangeOf(1_000, 3, old));
  expect(ahead!.offsets()).toEqual([1_000, 1_001, 1_002]);
});

test('those who are at the end wait for nobody', async () => {
  const [ahead] = createHouse([1_000, 0]);
  await ahead!.deliver(rangeOf(1_000, 3));
  expect(ahead!.offsets()).toEqual([1_000, 1_001, 1_002]);
});

test('one that has ended is given nothing', async () => {
  const [leader, second] = createHouse([0, 0]);
  second!.following.end();
  await leader!.deliver(rangeOf(0, 3));
  expect(second!.offsets()).toEqual([]);
});
