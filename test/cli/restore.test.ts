import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { writeManifests } from '../../services/archiver/manifests.ts';
import { createObjectEncoder } from '../../services/archiver/object.ts';
import { restore } from '../../services/cli/restore/restore.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import { createObjectOpener } from '../../services/shared/archive/open-object.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { verifySource } from '../../services/shared/archive/verify.ts';
import { encodeControlRecord } from '../../services/shared/control/record.ts';
import { type EmbeddedEnv, openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { EmbeddedLog } from '../../services/shared/log/embedded-port.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { controlTopic, eventsTopic, rekeyTopic, sourceOfTopic } from '../../services/shared/topics.ts';
import { originHeaders } from '../../services/worker/rekey-origin.ts';
import { collect } from '../support/collect.ts';

const NAMESPACE = 'ns';
const EVENTS = eventsTopic(NAMESPACE, 'essay');
const REKEY = rekeyTopic(NAMESPACE, 'm.v1');
const CONTROL = controlTopic(NAMESPACE);
const SNAPSHOT = `control/${CONTROL}/1-abc/`;
const PARTITIONS = 2;
const DAY_MS = 86_400_000;
const DAY = Date.parse('2026-09-01T12:00:00Z');

interface House {
  readonly env: EmbeddedEnv;
  readonly log: EmbeddedLog;
  readonly archive: ArchiveStore;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openHouse(): Promise<House> {
  const dir = mkdtempSync(join(tmpdir(), 'restore-'));
  const env = await openEmbedded({ dataDir: dir });
  const log = createEmbeddedLog({ env });
  closing.push(async () => {
    await log.close();
    await env.close();
    rmSync(dir, { recursive: true });
  });
  return { env, log, archive: createDirectoryArchive({ root: join(dir, 'archive') }) };
}

const keyIn = (partition: number, partitions: number = PARTITIONS): string =>
  Array.from({ length: 100 }, (_, n) => `k${n}`).find((key) => partitionOf(key, partitions) === partition)!;

type Part = Pick<LogRecord, 'value'> & Partial<Pick<LogRecord, 'headers' | 'key'>>;

/** Archives records of a partition in objects of so many, one a day. */
async function put(
  archive: ArchiveStore,
  topic: string,
  partition: number,
  parts: readonly Part[],
  size: number,
): Promise<void> {
  const encoder = createObjectEncoder();
  const of = { source: sourceOfTopic(NAMESPACE, topic), topic, partition };
  for (let first = 0; first < parts.length; first += size) {
    const records = parts.slice(first, first + size).map((part, index) => ({
      offset: first + index,
      timestamp: DAY + (first / size) * DAY_MS,
      key: Buffer.from(keyIn(partition)),
      headers: {},
      ...part,
    }));
    const object = await encoder.encode(of, records);
    await archive.putIfAbsent(object.name, object.bytes, toMetadata(object.range));
  }
  await writeManifests(archive, of);
}

const values = (count: number): Part[] =>
  Array.from({ length: count }, (_, n) => ({ value: Buffer.from(`v${n}`) }));

const restoreHouse = ({ log, archive }: House, partitions = PARTITIONS) =>
  restore({
    log,
    archive,
    namespace: NAMESPACE,
    installation: {
      topics: [
        { name: EVENTS, partitions },
        { name: REKEY, partitions },
        { name: CONTROL, partitions: 1 },
        { name: `${NAMESPACE}.dead-letters`, partitions: 1 },
      ],
      archivedTopics: [EVENTS, REKEY, CONTROL],
    },
  });

const startsOf = async ({ log }: House, topic: string): Promise<number[]> =>
  (await log.offsets(topic)).map(({ start }) => start);

async function faultsIn({ archive }: House): Promise<string[]> {
  const deps = { archive, opener: createObjectOpener(archive) };
  const faults: string[] = [];
  for (const topic of [EVENTS, REKEY, CONTROL]) {
    const verified = await verifySource(sourceOfTopic(NAMESPACE, topic), { deep: true }, deps);
    faults.push(...verified.faults.map(({ kind, name }) => `${kind} ${name}`));
  }
  return faults;
}

const decided = (topic: string, offset: number): Part => ({
  value: encodeControlRecord({
    kind: 'left-out',
    module: 'm.v1',
    topic,
    partition: 0,
    reducer: 'm.r',
    offset,
    why: 'drop',
    reason: `at ${offset}`,
  }),
});
const paused = (reason: string): Part => ({
  value: encodeControlRecord({ kind: 'module-switch', module: 'm', paused: true, reason }),
});
const rekeyed = (partition: number, offset: number): Part => ({
  value: Buffer.from('x'),
  headers: originHeaders({ topic: EVENTS, partition, offset, n: 0 }),
});

test('the log goes on where each partition of the archive ends, not before the time of its last record', async () => {
  const house = await openHouse();
  await put(house.archive, EVENTS, 0, values(7), 3);
  await put(house.archive, CONTROL, 0, [paused('a'), paused('b')], 2);
  const restored = await restoreHouse(house);
  expect(restored).toContainEqual({ topic: EVENTS, partition: 0, next: 7 });
  expect(await startsOf(house, EVENTS)).toEqual([7, 0]);
  expect(await startsOf(house, CONTROL)).toEqual([2]);
  const record = { topic: EVENTS, partition: 0, key: keyIn(0), value: Buffer.from('new') };
  const [place] = await (await house.log.createProducer()).send([record]);
  expect(place).toMatchObject({ offset: 7 });
  const [found] = await collect(house.log.read({ topic: EVENTS, partition: 0, from: 7, to: 8 }));
  expect(found!.timestamp).toBeGreaterThanOrEqual(DAY + 2 * DAY_MS);
  expect(await faultsIn(house)).toEqual([]);
});

test('what is archived under other keys, of events that are lost, is cut off, with its manifests', async () => {
  const house = await openHouse();
  await put(house.archive, EVENTS, 0, values(4), 2);
  await put(house.archive, EVENTS, 1, values(9), 9);
  const parts = [rekeyed(0, 0), rekeyed(0, 3), rekeyed(1, 8), rekeyed(0, 4), rekeyed(1, 2), rekeyed(1, 3)];
  await put(house.archive, REKEY, 1, parts, 2);
  await put(house.archive, REKEY, 0, [rekeyed(1, 8), rekeyed(0, 3)], 1);
  await restoreHouse(house);
  expect(await startsOf(house, REKEY)).toEqual([2, 2]);
  expect(await faultsIn(house)).toEqual([]);
});

test('verdicts on events that are lost are left out, and all else that was decided then is kept', async () => {
  const house = await openHouse();
  await put(house.archive, EVENTS, 0, values(4), 4);
  await put(house.archive, REKEY, 0, [rekeyed(0, 2), rekeyed(0, 9)], 1);
  const parts = [
    decided(EVENTS, 3),
    paused('first'),
    paused('second'),
    decided(EVENTS, 4),
    decided(REKEY, 0),
    decided(REKEY, 1),
    paused('third'),
    decided(EVENTS, 1),
  ];
  await put(house.archive, CONTROL, 0, parts, 2);
  for (const position of [1, 2, 3, 8])
    await house.archive.putIfAbsent(
      `${SNAPSHOT}${String(position).padStart(20, '0')}.gz`,
      Buffer.from('s'),
      {},
    );
  await restoreHouse(house);
  expect(await startsOf(house, CONTROL)).toEqual([2]);
  const [range] = await house.log.offsets(CONTROL);
  const kept = await collect(house.log.read({ topic: CONTROL, partition: 0, from: 2, to: range!.end }));
  const reasons = kept.map(({ value }) => (JSON.parse(String(value)) as { reason: string }).reason);
  expect(reasons).toEqual(['second', 'at 0', 'third', 'at 1']);
  const snapshots = await collect(house.archive.list({ prefix: SNAPSHOT }));
  expect(snapshots.map(({ name }) => Number(name.slice(SNAPSHOT.length, -3)))).toEqual([1, 2]);
  expect(await faultsIn(house)).toEqual([]);
});

test('interrupted while the archive is cut, it is called again and ends as if it had not been', async () => {
  const house = await openHouse();
  await put(house.archive, EVENTS, 0, values(2), 2);
  await put(house.archive, REKEY, 0, [rekeyed(0, 1), rekeyed(0, 2), rekeyed(0, 3)], 1);
  await put(house.archive, CONTROL, 0, [paused('a'), decided(EVENTS, 2), paused('b')], 1);
  for (const deletes of [0, 1, 2, 3]) {
    let left = deletes;
    const archive: ArchiveStore = {
      ...house.archive,
      async delete(name) {
        left -= 1;
        if (left < 0) throw new Error('interrupted');
        await house.archive.delete(name);
      },
    };
    await restoreHouse({ ...house, archive }).catch(() => undefined);
  }
  await restoreHouse(house);
  expect(await startsOf(house, REKEY)).toEqual([1, 0]);
  expect(await startsOf(house, CONTROL)).toEqual([1]);
  const kept = await collect(house.log.read({ topic: CONTROL, partition: 0, from: 1, to: 2 }));
  expect(String(kept[0]!.value)).toContain('"b"');
  expect(await faultsIn(house)).toEqual([]);
});

test('another number of partitions than the archive had is refused, and nothing is made', async () => {
  const house = await openHouse();
  const key = Array.from({ length: 100 }, (_, n) => `k${n}`).find(
    (one) => partitionOf(one, 2) === 1 && partitionOf(one, 3) !== 1,
  )!;
  await put(house.archive, EVENTS, 1, [{ value: Buffer.from('v'), key: Buffer.from(key) }], 1);
  await expect(restoreHouse(house, 3)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/LECTERN_PARTITIONS: it is 3/),
  });
  expect(await house.log.partitionCount(EVENTS)).toBeNull();
});
