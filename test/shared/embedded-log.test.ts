import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type EmbeddedEnv, openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { EventLog, OutgoingRecord } from '../../services/shared/log/port.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { joinGroup } from '../contract/event-log-member.ts';
import { collect } from '../support/collect.ts';
import { waitFor } from '../support/wait.ts';

let dataDir: string;
let env: EmbeddedEnv;
let log: EventLog;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'lectern-log-'));
  env = await openEmbedded({ dataDir });
  log = createEmbeddedLog({ env });
  await log.ensureTopics([{ name: 't', partitions: 2 }]);
});
afterEach(async () => {
  await log.close();
  await env.close();
  rmSync(dataDir, { recursive: true });
});

const KEYS = [0, 1].map(
  (partition) => ['a', 'b', 'c', 'd'].find((key) => partitionOf(key, 2) === partition)!,
);
const records = (partition: number, count: number): OutgoingRecord[] =>
  Array.from({ length: count }, (_, n) => ({
    topic: 't',
    key: KEYS[partition]!,
    value: Buffer.from(String(n)),
  }));
const append = async (partition: number, count: number) =>
  (await log.createProducer()).send(records(partition, count));

test('reopened, it has every record, topic and mirrored offset, and goes on counting', async () => {
  await append(1, 3);
  const member = await joinGroup(log, { groupId: 'g', topic: 't' });
  await waitFor(() => member.consumer.mirror({ topic: 't', partition: 1 }, 2), { message: 'the mirror' });
  await log.close();
  await env.close();
  env = await openEmbedded({ dataDir });
  log = createEmbeddedLog({ env });
  await expect(log.ensureTopics([{ name: 't', partitions: 3 }])).rejects.toMatchObject({
    code: 'TOPIC_MISMATCH',
  });
  expect(await log.mirrored('g', 't')).toEqual(new Map([[1, 2]]));
  expect(await append(1, 1)).toEqual([{ topic: 't', partition: 1, offset: 3 }]);
  const kept = await collect(log.read({ topic: 't', partition: 1, from: 0, to: 4 }));
  expect(kept.map(({ value }) => String(value))).toEqual(['0', '1', '2', '0']);
});

test('a start outside of what is kept is told, and nothing is delivered', async () => {
  await append(0, 3);
  const member = await joinGroup(log, { groupId: 'g', topic: 't', startAt: () => null });
  await waitFor(() => member.assigned().length === 2, { message: 'it is assigned' });
  const told = (): number => member.calls.filter((call) => call === 'outOfRange 0').length;
  for (const [index, offset] of [-1, 4].entries()) {
    member.consumer.start({ topic: 't', partition: 0 }, offset);
    await waitFor(() => told() === index + 1, { message: `offset ${offset} is told to be out of range` });
  }
  member.consumer.start({ topic: 't', partition: 0 }, 3);
  await waitFor(() => member.caughtUp(0).includes(3), { message: 'the end is told' });
  expect(member.texts()).toEqual([]);
});

test('a partition whose batch takes long holds up no other', async () => {
  let release: (() => void) | undefined;
  for (const partition of [0, 1]) await append(partition, 2_000);
  const member = await joinGroup(log, {
    groupId: 'g',
    topic: 't',
    onBatch: ({ partition }) =>
      partition === 0 && release === undefined
        ? new Promise<void>((resolve) => {
            release = resolve;
          })
        : undefined,
  });
  await waitFor(() => member.texts(1).length === 2_000, { message: 'the other is through' });
  expect(member.texts(0).length).toBeLessThanOrEqual(512);
  release!();
  await waitFor(() => member.texts(0).length === 2_000, { message: 'this one too' });
});

test('a handler that throws ends the consumer with its error', async () => {
  await append(0, 1);
  const member = await joinGroup(log, {
    groupId: 'g',
    topic: 't',
    onBatch: () => {
      throw new Error('a bug');
    },
  });
  await waitFor(() => member.failures.length > 0, { message: 'it is told' });
  await append(0, 1);
  expect(member.failures.map(({ message }) => message)).toEqual(['a bug']);
  expect(member.batches).toHaveLength(1);
});

test('members that join in the same turn cause one rebalance', async () => {
  const [first, second] = await Promise.all([1, 2].map(() => joinGroup(log, { groupId: 'g', topic: 't' })));
  await waitFor(() => first!.assigned().length === 1 && second!.assigned().length === 1, {
    message: 'they share',
  });
  expect([first!.calls, second!.calls]).toEqual([['assigned'], ['assigned']]);
});

test('one send that cannot be taken whole is not taken at all', async () => {
  const producer = await log.createProducer();
  const tooLarge = { topic: 't', key: 'k', value: Buffer.alloc(4 * 1024 * 1024 + 1) };
  await expect(producer.send([...records(0, 2), tooLarge])).rejects.toThrow('4194305 bytes');
  const elsewhere = { topic: 'nowhere', key: 'k', value: Buffer.from('') };
  await expect(producer.send([...records(0, 2), elsewhere])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
  expect((await log.offsets('t')).map(({ end }) => end)).toEqual([0, 0]);
});

test('closed, it refuses instead of waiting', async () => {
  const producer = await log.createProducer();
  await log.close();
  await expect(producer.send(records(0, 1))).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(log.check()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
});
