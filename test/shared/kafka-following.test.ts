import { afterEach, expect, jest, test } from '@jest/globals';
import { waitFor } from '../support/wait.ts';
import { at, createHouse, END, numbers, type Reader, rangeOf } from './kafka-following-house.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

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

test.each<[string, (reader: Reader) => void]>([
  ['is paused', ({ reading }) => Object.assign(reading, { paused: true })],
  ['is between two assignments', ({ seen }) => Object.assign(seen, { member: false })],
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

test.each<[string, (reader: Reader) => void]>([
  ['leaves the partition', ({ leading, reading }) => leading.leave(reading)],
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
  leader!.leading.tellNothing(leader!.reading, { ...at, fetchedFrom: 3, next: 3, endOffset: END });
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

test('one that was to ask whether its topic is still the same is told so with what it is given', async () => {
  const [leader, second] = createHouse([0, 0]);
  second!.reading.heardAt = 0;
  await leader!.deliver(rangeOf(0, 3));
  expect(second!.offsets()).toEqual([0, 1, 2]);
});

test('one that has ended is given nothing', async () => {
  const [leader, second] = createHouse([0, 0]);
  second!.leading.end();
  await leader!.deliver(rangeOf(0, 3));
  expect(second!.offsets()).toEqual([]);
});
