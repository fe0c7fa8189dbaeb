import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { movedFrom } from '../../services/cli/move/moved-headers.ts';
import type { EventLog, LogRecord } from '../../services/shared/log/port.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { controlTopic } from '../../services/shared/topics.ts';
import {
  addEvents,
  archiveOld,
  inLog,
  makeOld,
  moveInto,
  NEW,
  NEW_PARTITIONS,
  NEW_TOPIC,
  newDir,
  OLD_TOPIC,
  recordsIn,
} from './move-house.ts';

const nameOf = ({ key, value }: LogRecord): string => `${key} ${value!.toString('base64')}`;

function byKey(records: readonly LogRecord[]): Record<string, string[]> {
  const keys: Record<string, string[]> = {};
  for (const record of records) {
    const key = String(record.key);
    keys[key] = [...(keys[key] ?? []), nameOf(record)];
  }
  return keys;
}

/** The new namespace has each record of the old one once, where its key belongs, and each key in its old order. */
async function expectMoved(oldDir: string, newDataDir: string): Promise<void> {
  const before = await recordsIn(oldDir, OLD_TOPIC);
  const after = await recordsIn(newDataDir, NEW_TOPIC);
  expect(after.map(nameOf).sort()).toEqual(before.map(nameOf).sort());
  expect(
    after.filter(({ key, partition }) => partition !== partitionOf(String(key), NEW_PARTITIONS)),
  ).toEqual([]);
  expect(byKey(after)).toEqual(byKey(before));
  const places = new Map(before.map((record) => [`${record.partition}@${record.offset}`, nameOf(record)]));
  const isElsewhere = (record: LogRecord): boolean => {
    const { topic, partition, offset } = movedFrom(record.headers)!;
    return topic !== OLD_TOPIC || places.get(`${partition}@${offset}`) !== nameOf(record);
  };
  expect(after.filter(isElsewhere)).toEqual([]);
}

/** A log whose sends, from the `nth` on, put only the records of some partitions there, and then fail. */
function breaking(nth: number, partitions: readonly number[]): (log: EventLog) => EventLog {
  let sends = 0;
  return (log) => ({
    ...log,
    async createProducer() {
      const producer = await log.createProducer();
      return {
        ...producer,
        async send(records) {
          sends += 1;
          if (sends < nth) return producer.send(records);
          await producer.send(records.filter(({ partition }) => partitions.includes(partition!)));
          throw new Error('the connection broke');
        },
      };
    },
  });
}

test('every event is moved once, under its key and in its order, into another number of partitions', async () => {
  const oldDir = await makeOld(5_000);
  const target = newDir();
  const { partitions, control } = await moveInto(oldDir, target);
  await expectMoved(oldDir, target);
  expect(partitions.map(({ copied }) => copied).reduce((a, b) => a + b)).toBe(5_000);
  for (const { partition, lastOrigin } of partitions) {
    const [last] = (await recordsIn(oldDir, OLD_TOPIC))
      .filter((one) => one.partition === partition)
      .slice(-1);
    expect(lastOrigin).toBe(last!.offset);
  }
  expect(control).toMatchObject({ copied: 0, leftOut: 0 });
});

test('what stopped in the middle of a send is found, and the rest is sent: nothing twice, nothing lost', async () => {
  const oldDir = await makeOld(9_000);
  const target = newDir();
  for (const [nth, partitions] of [
    [2, [0]],
    [2, [2, 1]],
    [1, []],
    [1, [1]],
    [3, [0, 1, 2]],
  ] as const)
    await expect(moveInto(oldDir, target, { log: breaking(nth, partitions) })).rejects.toThrow(
      'the connection broke',
    );
  const { partitions } = await moveInto(oldDir, target);
  const [copied, there] = (['copied', 'there'] as const).map((of) =>
    partitions.reduce((sum, one) => sum + one[of], 0),
  );
  expect(copied).toBeGreaterThan(0);
  expect(there).toBeGreaterThan(0);
  await expectMoved(oldDir, target);
});

test('a run after the last one copies what came since', async () => {
  const oldDir = await makeOld(3_000);
  const target = newDir();
  await moveInto(oldDir, target);
  await addEvents(oldDir, 3_000, 3_500);
  const { partitions } = await moveInto(oldDir, target);
  expect(partitions.reduce((sum, { copied }) => sum + copied, 0)).toBe(500);
  await expectMoved(oldDir, target);
});

test('a copied archive is enough, and what it lacks comes with the log', async () => {
  const oldDir = await makeOld(2_000);
  await archiveOld(oldDir);
  const copy = newDir();
  cpSync(join(oldDir, 'archive'), copy, { recursive: true });
  await addEvents(oldDir, 2_000, 2_300);
  const target = newDir();
  const first = await moveInto(copy, target);
  expect(first.partitions.reduce((sum, { copied }) => sum + copied, 0)).toBe(2_000);
  const second = await moveInto(oldDir, target);
  expect(second.partitions.reduce((sum, { copied }) => sum + copied, 0)).toBe(300);
  await expectMoved(oldDir, target);
});

test('only one learner is moved where that is asked for', async () => {
  const oldDir = await makeOld(500);
  const target = newDir();
  await moveInto(oldDir, target, { student: 's7' });
  const after = await recordsIn(target, NEW_TOPIC);
  expect(after).toHaveLength(25);
  expect(new Set(after.map(({ key }) => String(key)))).toEqual(new Set(['s7']));
});

test('a namespace is refused that has anything else, or another part of it, or in which services have written', async () => {
  const oldDir = await makeOld(100);
  const foreign = newDir();
  await inLog(foreign, async (log) => {
    await log.ensureTopics([{ name: NEW_TOPIC, partitions: NEW_PARTITIONS }]);
    await (await log.createProducer()).send([{ topic: NEW_TOPIC, key: 'k', value: Buffer.from('v') }]);
  });
  await expect(moveInto(oldDir, foreign)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/namespace new is not empty: new\.events\.caliper\/\d has records/),
  });
  const target = newDir();
  await moveInto(oldDir, target, { student: 's7' });
  await expect(moveInto(oldDir, target)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/one learner.*all learners.*same filters again/),
  });
  for (const topic of [NEW_TOPIC, controlTopic(NEW)]) {
    const used = newDir();
    await moveInto(oldDir, used);
    await inLog(used, async (log) => {
      await (await log.createProducer()).send([{ topic, key: 'k', value: Buffer.from('{"kind":"x"}') }]);
    });
    await expect(moveInto(oldDir, used)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/was not moved from old\..*in use already/),
    });
  }
});

test('a record that is there twice is told, not passed over', async () => {
  const oldDir = await makeOld(100);
  const target = newDir();
  await moveInto(oldDir, target);
  const [one] = await recordsIn(target, NEW_TOPIC);
  await inLog(target, async (log) => {
    const again = { topic: NEW_TOPIC, key: String(one!.key), value: one!.value!, headers: one!.headers };
    await (await log.createProducer()).send([again]);
  });
  await expect(moveInto(oldDir, target)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('which was there already'),
  });
});

test('where nothing is, or nobody would archive it, the remedy is told', async () => {
  await expect(moveInto(newDir(), newDir())).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/--source-dir: .* is neither a data directory/),
  });
  const oldDir = await makeOld(10);
  await expect(moveInto(oldDir, newDir(), { choice: { namespace: 'other' } })).rejects.toMatchObject({
    message: expect.stringMatching(/no events of the namespace other.*--source-namespace/),
  });
  await expect(moveInto(oldDir, newDir(), { sources: ['none'] })).rejects.toMatchObject({
    message: expect.stringContaining('--source none: old.events.none has no events'),
  });
});
