import { expect, test } from '@jest/globals';
import { createArrivals } from '../../services/cli/move/arrivals.ts';
import { copyControl } from '../../services/cli/move/copy-control.ts';
import { newKey } from '../../services/shared/access-key.ts';
import type { ControlRecord, LeftOut } from '../../services/shared/control/port.ts';
import { parseRequeue, requeueHeaders } from '../../services/shared/control/requeue-record.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { controlTopic, rekeyTopic } from '../../services/shared/topics.ts';
import { historyOf } from './cli-house.ts';
import {
  inLog,
  makeOld,
  moveInto,
  NEW,
  NEW_TOPIC,
  newDir,
  OLD,
  OLD_TOPIC,
  recordsIn,
  withControl,
} from './move-house.ts';

const MODULE = 'm.v1';

const verdictAt = (partition: number, offset: number, fields: Partial<LeftOut> = {}): LeftOut => ({
  kind: 'left-out',
  module: MODULE,
  topic: OLD_TOPIC,
  partition,
  reducer: 'm.r',
  offset,
  why: 'drop',
  reason: 'a person dropped it',
  ...fields,
});

function decide(dataDir: string, records: readonly ControlRecord[]): Promise<void> {
  return inLog(dataDir, (log) =>
    withControl(log, OLD, async (control) => {
      for (const record of records) await control.publish(record);
    }),
  );
}

/** The verdicts that stand in the new namespace, by the value of the event that they are on. */
async function verdictsIn(dataDir: string): Promise<Map<string, LeftOut>> {
  const records = await recordsIn(dataDir, NEW_TOPIC);
  const byValue = new Map<string, LeftOut>();
  await inLog(dataDir, (log) =>
    withControl(log, NEW, async (control) => {
      for (const partition of [0, 1, 2])
        for (const verdict of control.leftOut({ module: MODULE, topic: NEW_TOPIC, partition }).values()) {
          const on = records.find((one) => one.partition === partition && one.offset === verdict.offset);
          byValue.set(on!.value!.toString('base64'), verdict);
        }
    }),
  );
  return byValue;
}

const valueAt = async (dataDir: string, partition: number, offset: number): Promise<string> =>
  (await recordsIn(dataDir, OLD_TOPIC))
    .find((one) => one.partition === partition && one.offset === offset)!
    .value!.toString('base64');

/** As a person has it done: the verdict, then the same record again, beside the first. */
async function requeue(dataDir: string, partition: number, offset: number): Promise<void> {
  await decide(dataDir, [verdictAt(partition, offset, { why: 'requeue' })]);
  const original = (await recordsIn(dataDir, OLD_TOPIC)).find(
    (one) => one.partition === partition && one.offset === offset,
  )!;
  const headers = requeueHeaders({ module: MODULE, reducer: 'm.r', offset });
  const { value } = original;
  await inLog(dataDir, async (log) => {
    const producer = await log.createProducer();
    await producer.send([{ topic: OLD_TOPIC, key: String(original.key), value: value!, partition, headers }]);
  });
}

/** Of what was requeued, the record that it names and itself. */
async function requeuedIn(dataDir: string): Promise<readonly { original: LogRecord; again: LogRecord }[]> {
  const records = await recordsIn(dataDir, NEW_TOPIC);
  return records.flatMap((again) => {
    const target = parseRequeue(again.headers);
    if (target === null) return [];
    const original = records.find(
      (one) => one.partition === again.partition && one.offset === target.offset,
    )!;
    return [{ original, again }];
  });
}

test('keys, blocks and switches hold in the new namespace, once, whatever the version that knows them', async () => {
  const oldDir = await makeOld(50);
  const { id, hash } = newKey();
  const key = {
    id,
    hash,
    name: 'lms',
    sources: null,
    vouches: true,
    created: 1,
    expires: null,
    revoked: null,
  };
  await decide(oldDir, [
    { kind: 'api-key', ...key },
    { kind: 'module-switch', module: 'm', paused: true, reason: 'for a while' },
    {
      kind: 'block',
      subject: 'source',
      value: 'x',
      action: 'DROP',
      timeLimit: 'PERMANENT',
      message: 'no',
      created: 1,
      until: null,
    },
    { kind: 'unit-claimed', module: MODULE, topic: OLD_TOPIC, partition: 0, token: 't' },
    { kind: 'api-key', ...key, revoked: 2 },
  ]);
  await inLog(oldDir, async (log) => {
    const value = Buffer.from('{"kind":"of-a-later-version"}');
    await (await log.createProducer()).send([{ topic: controlTopic(OLD), key: 'control', value }]);
  });
  const target = newDir();
  expect((await moveInto(oldDir, target)).control).toMatchObject({ copied: 5, there: 0 });
  expect((await moveInto(oldDir, target)).control).toMatchObject({ copied: 0, there: 5 });
  const kinds = (await recordsIn(target, controlTopic(NEW))).map(
    ({ value }) => (JSON.parse(String(value)) as { kind: string }).kind,
  );
  const others = ['api-key', 'module-switch', 'block', 'api-key', 'of-a-later-version'];
  expect(kinds).toEqual(['moved-in', ...others]);
  await inLog(target, (log) =>
    withControl(log, NEW, async (control) => {
      expect(control.apiKeys.get(id)).toMatchObject({ name: 'lms', revoked: 2 });
      expect(control.pausedBecause('m')).toMatch(/for a while/);
      expect([...control.blocks.keys()]).toEqual(['source:x']);
    }),
  );
});

test('verdicts stand on the same events, at their new places; those of claims that were over do not', async () => {
  const oldDir = await makeOld(400);
  const claimed = { kind: 'unit-claimed', module: MODULE, topic: OLD_TOPIC, partition: 1 } as const;
  await decide(oldDir, [
    verdictAt(0, 7),
    { ...claimed, token: 'first' },
    verdictAt(1, 3, { why: 'budget', token: 'first' }),
    { ...claimed, token: 'second' },
    verdictAt(1, 4, { why: 'killer', token: 'second' }),
    verdictAt(0, 2, { topic: rekeyTopic(OLD, MODULE) }),
  ]);
  await inLog(oldDir, async (log) => {
    const late = Buffer.from(JSON.stringify(verdictAt(1, 5, { why: 'budget', token: 'first' })));
    await (await log.createProducer()).send([{ topic: controlTopic(OLD), key: 'control', value: late }]);
  });
  const target = newDir();
  expect((await moveInto(oldDir, target)).control).toMatchObject({ copied: 3, leftOut: 1 });
  const expected = [await valueAt(oldDir, 0, 7), await valueAt(oldDir, 1, 3), await valueAt(oldDir, 1, 4)];
  const found = await verdictsIn(target);
  expect([...found.keys()].sort()).toEqual(expected.sort());
  expect([...found.values()].map(({ why }) => why).sort()).toEqual(['budget', 'drop', 'killer']);
  await decide(oldDir, [verdictAt(2, 9)]);
  expect((await moveInto(oldDir, target)).control).toMatchObject({ copied: 1, there: 3 });
  expect([...(await verdictsIn(target)).keys()].sort()).toEqual(
    [...expected, await valueAt(oldDir, 2, 9)].sort(),
  );
});

test('what was requeued names the new place of its original, in the same run and in a later one', async () => {
  const oldDir = await makeOld(400);
  await requeue(oldDir, 0, 7);
  const target = newDir();
  await moveInto(oldDir, target);
  expect(await requeuedIn(target)).toHaveLength(1);
  await requeue(oldDir, 0, 8);
  await requeue(oldDir, 2, 1);
  await moveInto(oldDir, target);
  const found = await requeuedIn(target);
  expect(found).toHaveLength(3);
  for (const { original, again } of found) {
    expect(original.value!.equals(again.value!)).toBe(true);
    expect(original.offset).toBeLessThan(again.offset);
    expect(parseRequeue(original.headers)).toBeNull();
  }
});

test('what was requeued for an event that is not moved is left out', async () => {
  const oldDir = await makeOld(400);
  await inLog(oldDir, async (log) => {
    const headers = requeueHeaders({ module: MODULE, reducer: 'm.r', offset: 1_000_000 });
    const record = { topic: OLD_TOPIC, key: 's1', value: Buffer.from('x'), headers };
    await (await log.createProducer()).send([record]);
  });
  const target = newDir();
  const { partitions } = await moveInto(oldDir, target);
  expect(partitions.reduce((sum, { leftOut }) => sum + leftOut, 0)).toBe(1);
  expect(await recordsIn(target, NEW_TOPIC)).toHaveLength(400);
});

test('what is decided about events that are not copied yet waits for the next run, and all that follows it', async () => {
  const oldDir = await makeOld(10);
  await decide(oldDir, [
    { kind: 'module-switch', module: 'm', paused: true, reason: 'before' },
    verdictAt(0, 500),
    { kind: 'module-switch', module: 'm', paused: false, reason: 'after' },
  ]);
  const sent: string[] = [];
  const copied = await inLog(oldDir, (log) =>
    copyControl({
      history: historyOf(log),
      producer: {
        async send(records) {
          sent.push(...records.map(({ value }) => String(value)));
          return [];
        },
      },
      arrivals: createArrivals({ log, skipped: () => 0 }),
      from: controlTopic(OLD),
      to: controlTopic(NEW),
      end: 3,
      newTopic: () => NEW_TOPIC,
      endOf: () => 10,
    }),
  );
  expect(copied).toMatchObject({ copied: 1, leftOut: 0, lastOrigin: 0 });
  expect(sent).toEqual([expect.stringContaining('before')]);
});
