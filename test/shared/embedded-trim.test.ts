import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type EmbeddedEnv, openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { EmbeddedLog } from '../../services/shared/log/embedded-port.ts';
import { joinGroup } from '../contract/event-log-member.ts';
import { collect } from '../support/collect.ts';
import { waitFor } from '../support/wait.ts';

let dataDir: string;
let env: EmbeddedEnv;
let log: EmbeddedLog;
const at = { topic: 't', partition: 0 };
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'lectern-trim-'));
  env = await openEmbedded({ dataDir });
  log = createEmbeddedLog({ env });
});
afterEach(async () => {
  await log.close();
  await env.close();
  rmSync(dataDir, { recursive: true });
});

async function append(count: number, from = 0): Promise<number | null> {
  const producer = await log.createProducer();
  const places = await producer.send(
    Array.from({ length: count }, (_, n) => ({ topic: 't', key: 'k', value: Buffer.from(String(from + n)) })),
  );
  return places[0]!.offset;
}
const made = async (count: number): Promise<void> => {
  await log.ensureTopics([{ name: 't', partitions: 1 }]);
  await append(count);
};
const valuesFrom = async (from: number): Promise<number[]> => {
  const [range] = await log.offsets('t');
  return (await collect(log.read({ ...at, from, to: range!.end }))).map(({ value }) => Number(value));
};

test('a partition may begin where another log ended, with records, and goes on from there', async () => {
  const later = Date.now() + 3_600_000;
  await log.begin([
    {
      name: 't',
      partitions: [
        {
          start: 41,
          timestamp: later,
          records: [{ key: 'k', value: Buffer.from('41'), headers: { h: Buffer.from('x') } }],
        },
        { start: 7, timestamp: 0, records: [] },
      ],
    },
  ]);
  expect(await log.offsets('t')).toEqual([
    { partition: 0, start: 41, end: 42 },
    { partition: 1, start: 7, end: 7 },
  ]);
  const producer = await log.createProducer();
  const more = [0, 1].map((partition) => ({ topic: 't', partition, key: 'k', value: Buffer.from('more') }));
  expect((await producer.send(more)).map(({ offset }) => offset)).toEqual([42, 7]);
  const [first, second] = await collect(log.read({ ...at, from: 41, to: 43 }));
  expect([String(first!.value), String(first!.headers.h), String(second!.value)]).toEqual([
    '41',
    'x',
    'more',
  ]);
  expect(first!.timestamp).toBe(later);
  await expect(collect(log.read({ ...at, from: 40, to: 42 }))).rejects.toMatchObject({
    code: 'OFFSET_OUT_OF_RANGE',
  });
});

test('topics begin all or none of them', async () => {
  await made(1);
  const partitions = [{ start: 5, timestamp: 0, records: [] }];
  const begun = ['u', 't'].map((name) => ({ name, partitions }));
  await expect(log.begin(begun)).rejects.toMatchObject({ code: 'TOPIC_MISMATCH' });
  expect(await log.partitionCount('u')).toBeNull();
});

test('what is below an offset is removed, in bounded steps, and nothing else', async () => {
  await made(9_000);
  let transactions = 0;
  const { transaction } = env;
  const counted = createEmbeddedLog({
    env: {
      ...env,
      transaction: (action) => {
        transactions += 1;
        return transaction(action);
      },
    },
  });
  expect(await counted.trim(at, 7_000)).toBe(7_000);
  expect(transactions).toBeGreaterThanOrEqual(4);
  expect(await log.offsets('t')).toEqual([{ partition: 0, start: 7_000, end: 9_000 }]);
  expect(await valuesFrom(7_000)).toEqual(Array.from({ length: 2_000 }, (_, n) => 7_000 + n));
  await expect(valuesFrom(6_999)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  expect(await log.trim(at, 7_000)).toBe(0);
  expect(await log.trim(at, -5)).toBe(0);
});

test('a partition from which everything was removed goes on counting', async () => {
  await made(10);
  expect(await log.trim(at, 1_000)).toBe(10);
  expect(await log.offsets('t')).toEqual([{ partition: 0, start: 10, end: 10 }]);
  expect(await append(1, 10)).toBe(10);
});

test('whoever reads what is removed meanwhile is told, and is given nothing with a hole', async () => {
  await made(3_000);
  const read = log.read({ ...at, from: 0, to: 3_000 })[Symbol.asyncIterator]();
  const { value: page } = await read.next();
  const kept = (page as { value: Buffer }[]).map(({ value }) => Number(value));
  await log.trim(at, 2_000);
  await expect(read.next()).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  // What was read before stays what it was, whatever is written over its place.
  await append(5_000, 3_000);
  expect((page as { value: Buffer }[]).map(({ value }) => Number(value))).toEqual(kept);
});

test('a member of a group whose position is removed is told, and goes on from the next start', async () => {
  await made(3_000);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const member = await joinGroup(log, { groupId: 'g', topic: 't', onBatch: () => held });
  await waitFor(() => member.texts().length > 0, { message: 'a batch is in hand' });
  await log.trim(at, 2_500);
  release();
  await waitFor(() => member.calls.includes('outOfRange 0'), { message: 'it is told' });
  expect(
    member
      .texts()
      .map(Number)
      .every((n) => n < 600),
  ).toBe(true);
  member.consumer.start(at, 2_500);
  await waitFor(() => member.texts().at(-1) === '2999', { message: 'it goes on' });
});

test('the first record of a time is found', async () => {
  await made(5);
  const [{ timestamp } = { timestamp: 0 }] = await collect(log.read({ ...at, from: 0, to: 1 }));
  await waitFor(() => Date.now() > timestamp + 1, { message: 'the clock moves' });
  await append(5, 5);
  expect(
    [timestamp - 1, timestamp, timestamp + 1, Date.now() + 60_000].map((time) => log.offsetAt(at, time)),
  ).toEqual([0, 0, 5, 10]);
});
