import { afterEach, expect, jest, test } from '@jest/globals';
import { waitFor } from '../support/wait.ts';
import { at, createHouse, END, hold, numbers, OLD_MS, rangeOf } from './kafka-following-house.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

test('nobody waits for one that is slower, which takes what comes until too much of it waits', async () => {
  const [leader, slow, third] = createHouse([0, 0, 0]);
  await leader!.deliver(rangeOf(0, 3));
  const release = hold(slow!);
  await leader!.deliver(rangeOf(3, 1_000));
  await leader!.deliver(rangeOf(1_003, 1_000));
  expect(third!.offsets()).toEqual(numbers(0, 2_003));
  expect(slow!.reading.position).toBe(3);
  release();
  await waitFor(() => slow!.reading.position === 2_003, { message: 'it has what waited' });
  expect(slow!.offsets()).toEqual(numbers(0, 2_003));
  expect(slow!.fetched).toEqual(['stop']);
});

test('one that has too much waiting misses what comes next, and fetches it when it is through', async () => {
  const [leader, slow, third] = createHouse([0, 0, 0]);
  await leader!.deliver(rangeOf(0, 3));
  const release = hold(slow!);
  await leader!.deliver(rangeOf(3, 3));
  await leader!.deliver(rangeOf(6, 2_048));
  await leader!.deliver(rangeOf(2_054, 3));
  expect(third!.offsets()).toEqual(numbers(0, 2_057));
  expect(slow!.fetched).toEqual(['stop']);
  release();
  await waitFor(() => slow!.fetched.length === 2, { message: 'it fetches' });
  const waited = slow!.reading.position;
  expect(waited).toBe(6 + 7 * 256);
  expect(slow!.offsets()).toEqual(numbers(0, waited));
  expect(slow!.fetched).toEqual(['stop', `from ${waited}`]);
  // Whether the topic is still the same is to be asked.
  expect(slow!.reading.heardAt).toBe(0);
});

test('those who follow one that is busy fetch for themselves, which then hands on nothing for a while', async () => {
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
  second!.reading.heardAt = Date.now();
  await leader!.deliver(rangeOf(6, 3));
  leader!.leading.tellNothing(leader!.reading, { ...at, fetchedFrom: 9, next: 9, endOffset: END });
  expect(second!.offsets()).toEqual(numbers(0, 6));
  expect(second!.fetched).toEqual(['stop', 'from 6']);
  expect(leader!.offsets()).toEqual(numbers(0, 9));
  // It may follow all the same.
  await second!.deliver(rangeOf(6, 6));
  expect(leader!.offsets()).toEqual(numbers(0, 12));
});

test('those who read what is long past leave one that is slower than they, and wait for it no more', async () => {
  const [leader, second] = createHouse([0, 0]);
  const old = { ageMs: OLD_MS };
  await leader!.deliver(rangeOf(0, 3, old));
  const release = hold(leader!);
  const delivered = leader!.deliver(rangeOf(3, 3, old));
  const startedAt = Date.now();
  await waitFor(() => Date.now() - startedAt > 300, { message: 'it is slow' });
  // However long it is busy: they may be so as well.
  expect(second!.fetched).toEqual(['stop']);
  release();
  await delivered;
  expect(second!.fetched).toEqual(['stop', 'from 6']);
  second!.reading.heardAt = Date.now();
  await second!.deliver(rangeOf(6, 3, old));
  expect(second!.offsets()).toEqual(numbers(0, 9));
  await second!.deliver(rangeOf(9, 1_000, old));
  expect(second!.offsets()).toEqual(numbers(0, 1_009));
});

test('what a follower fails at is its own', async () => {
  const [leader, second] = createHouse([0, 0]);
  second!.seen.work = Promise.reject(new Error('a bug'));
  second!.seen.work.catch(() => undefined);
  await leader!.deliver(rangeOf(0, 3));
  expect(leader!.reading.position).toBe(3);
  await waitFor(() => second!.failures.length === 1, { message: 'it has failed' });
  expect(leader!.failures).toEqual([]);
});

test('a new reading is fetched when the batch of the one before it is handled', async () => {
  const [leader, second] = createHouse([0, 0]);
  const release = hold(second!);
  await leader!.deliver(rangeOf(0, 3));
  second!.following.begin(second!.reading);
  expect(second!.fetched).toEqual(['stop']);
  release();
  await waitFor(() => second!.fetched.length === 2, { message: 'it is fetched' });
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

test('two that wait are not waited for', async () => {
  const [ahead, behind, third] = createHouse([1_000, 0, 500]);
  const old = { ageMs: OLD_MS };
  await ahead!.deliver(rangeOf(1_000, 3, old));
  expect(ahead!.reading.follows).toBe(true);
  behind!.reading.follows = true;
  await third!.deliver(rangeOf(500, 3, old));
  expect(third!.offsets()).toEqual(numbers(500, 3));
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
