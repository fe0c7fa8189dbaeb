import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createArchivedLog } from '../../services/shared/log/archived.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { EventLog, LogRecord } from '../../services/shared/log/port.ts';
import type { Recorded } from '../../services/shared/log/recorded.ts';
import { joinGroup, type Member } from '../contract/event-log-member.ts';
import { collect } from '../support/collect.ts';
import { waitFor } from '../support/wait.ts';

// A topic of which offsets 3 to 9 are recorded, and what follows is appended.

const topic = 'recorded.topic';
const at = { topic, partition: 0 };
const PAGE = 2;

const recordOf = (offset: number): LogRecord => ({
  offset,
  timestamp: offset,
  key: Buffer.from('k'),
  value: Buffer.from(String(offset)),
  headers: {},
});

/** How many readings are open. */
let open = 0;
/** What is passed over, as by a filter. */
let isWanted = (_offset: number): boolean => true;
let broken: Error | null = null;

const recorded: Recorded = {
  ranges: new Map([[topic, [{ partition: 0, start: 3, end: 10 }]]]),
  async *pages(_, from) {
    open += 1;
    try {
      for (let next = from; next < 10; next += PAGE) {
        await new Promise(setImmediate);
        if (broken !== null) throw broken;
        const offsets = [next, next + 1].filter((offset) => offset < 10);
        yield { records: offsets.filter(isWanted).map(recordOf), next: offsets.at(-1)! + 1 };
      }
    } finally {
      open -= 1;
    }
  },
};

let log: EventLog;
let members: Member[] = [];
let close: () => Promise<void>;

beforeEach(async () => {
  isWanted = () => true;
  broken = null;
  const dataDir = mkdtempSync(join(tmpdir(), 'archived-log-'));
  const env = await openEmbedded({ dataDir });
  const inner = createEmbeddedLog({ env });
  await inner.ensureTopics([{ name: topic, partitions: 1 }]);
  log = createArchivedLog({ recorded, inner });
  close = async () => {
    await log.close();
    await env.close();
    rmSync(dataDir, { recursive: true });
  };
});

afterEach(async () => {
  await Promise.all(members.map(({ consumer }) => consumer.stop()));
  members = [];
  await close();
  expect(open).toBe(0);
});

const append = async (...offsets: readonly number[]) => {
  const producer = await log.createProducer();
  return producer.send(offsets.map((offset) => ({ topic, key: 'k', value: Buffer.from(String(offset)) })));
};
const reads = async (startAt: number, onBatch?: () => void): Promise<Member> => {
  const groupId = `g${members.length}`;
  const member = await joinGroup(log, {
    groupId,
    topic,
    startAt: () => startAt,
    ...(onBatch && { onBatch }),
  });
  members.push(member);
  return member;
};
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => String(from + n));

test('what is appended has the offsets after what is recorded', async () => {
  expect(await log.offsets(topic)).toEqual([{ partition: 0, start: 3, end: 10 }]);
  expect(await append(10, 11)).toEqual([10, 11].map((offset) => ({ ...at, offset })));
  expect(await log.offsets(topic)).toEqual([{ partition: 0, start: 3, end: 12 }]);
});

test('a range is read across the border, and refused where nobody holds it', async () => {
  await append(10, 11, 12);
  const read = async (from: number, to: number): Promise<string[]> =>
    (await collect(log.read({ ...at, from, to }))).map(({ offset, value }) => {
      expect(String(value)).toBe(String(offset));
      return String(offset);
    });
  expect(await read(3, 13)).toEqual(numbers(3, 13));
  expect(await read(4, 7)).toEqual(numbers(4, 7));
  expect(await read(9, 11)).toEqual(numbers(9, 11));
  expect(await read(11, 13)).toEqual(numbers(11, 13));
  await expect(read(2, 5)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  await expect(read(5, 14)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
});

test('a member gets what is recorded, then what was appended, then what is appended later', async () => {
  await append(10);
  const member = await reads(4);
  await waitFor(() => member.texts().length === 7, { message: 'all arrived' });
  await append(11);
  await waitFor(() => member.texts().length === 8, { message: 'what was appended later arrived' });
  expect(member.texts()).toEqual(numbers(4, 12));
  for (const batch of member.batches) expect(batch.endOffset).toBeGreaterThan(batch.records.at(-1)!.offset);
  expect(member.batches.find(({ records }) => records.at(-1)!.offset === 9)!.endOffset).toBe(11);
  await waitFor(() => member.caughtUp(0).includes(12), { message: 'it is caught up' });
});

test('a page of which nothing is wanted is passed over', async () => {
  isWanted = (offset) => offset === 8;
  await append(10);
  const member = await reads(3);
  await waitFor(() => member.texts().length === 2, { message: 'what is wanted arrived' });
  expect(member.texts()).toEqual(['8', '10']);
});

test('going back, and being paused and resumed, loses nothing and ends what was open', async () => {
  const member = await reads(3);
  await waitFor(() => member.texts().length === 7, { message: 'all arrived' });
  member.consumer.start(at, 8);
  member.consumer.pause(at);
  await append(10);
  expect(member.texts()).toEqual(numbers(3, 10));
  member.consumer.resume(at);
  await waitFor(() => member.texts().length === 10, { message: 'the rest arrived again' });
  expect(member.texts().slice(7)).toEqual(numbers(8, 11));
});

test('whoever is paused while a batch is in hand gets what follows it when resumed', async () => {
  let pause = (): void => undefined;
  const member = await reads(3, () => pause());
  pause = () => member.consumer.pause(at);
  await waitFor(() => member.texts().length > 0, { message: 'the first batch arrived' });
  for (let resumed = 0; resumed < 10; resumed++) {
    await new Promise(setImmediate);
    member.consumer.resume(at);
  }
  pause = () => undefined;
  member.consumer.resume(at);
  await waitFor(() => member.texts().length >= 7, { message: 'all arrived' });
  expect(member.texts()).toEqual(numbers(3, 10));
});

test('an offset below what is recorded is out of range', async () => {
  const member = await reads(1);
  await waitFor(() => member.calls.includes('outOfRange 0'), { message: 'it is told' });
  expect(member.texts()).toEqual([]);
});

test('what cannot be read ends the consumer with the fault', async () => {
  broken = new Error('the disk is gone');
  const member = await reads(3);
  await waitFor(() => member.failures.length === 1, { message: 'it failed' });
  expect(member.failures[0]!.message).toBe('the disk is gone');
});
