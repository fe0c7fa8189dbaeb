import { afterEach, expect, test } from '@jest/globals';
import { createObjectEncoder } from '../../services/archiver/object.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import {
  type ArchiveHouse,
  at,
  closeArchiveHouses,
  expectChain,
  openArchiveHouse,
  records,
  type StartedArchiver,
  startArchiver,
  topic,
} from '../support/archive-house.ts';
import { waitFor } from '../support/wait.ts';

/** A topic that was deleted and made again is not the one that was archived, however many records it has. */

afterEach(closeArchiveHouses);

const DAY = Date.parse('2026-05-01');

function numbered(count: number, change: Partial<LogRecord> = {}, from = 0): Partial<LogRecord>[] {
  return records(count, from).map((record, n) => ({ ...record, timestamp: DAY + from + n, ...change }));
}

async function archiveTwenty(house: ArchiveHouse, archive: Partial<ArchiveStore> = {}): Promise<void> {
  house.fake.append(at, numbered(20));
  const { archiver, member } = await startArchiver(house, { archive });
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 20, { message: 'archived' });
  await archiver.stop();
}

async function expectStopped(house: ArchiveHouse, { archiver }: StartedArchiver): Promise<void> {
  await waitFor(() => archiver.notReady().length > 0, { message: 'it stops' });
  expect(archiver.notReady()).toHaveLength(1);
  for (const said of [archiver.notReady()[0]!, house.logged.join()])
    for (const part of [`another record than the archive at offset 19 of ${topic}/0`, 'new namespace'])
      expect(said).toContain(part);
  await archiver.stop();
  await expectChain(house, 20);
}

/** As objects were put before their last record was told in their metadata. */
const withoutAnchor = ({ archive }: ArchiveHouse): Partial<ArchiveStore> => ({
  putIfAbsent: (name, bytes, { anchor: _, ...metadata }) => archive.putIfAbsent(name, bytes, metadata),
});

test.each([
  ['at other times', { timestamp: DAY + 500 }],
  ['with other values', { value: Buffer.from('else') }],
])('a topic made anew, with more records %s, stops its partition loudly', async (_, change) => {
  const house = openArchiveHouse();
  await archiveTwenty(house);
  house.fake.recreate(topic);
  house.fake.append(at, numbered(50, change));
  await expectStopped(house, await startArchiver(house));
});

test('so it does where the objects do not tell their last record', async () => {
  const house = openArchiveHouse();
  await archiveTwenty(house, withoutAnchor(house));
  house.fake.recreate(topic);
  house.fake.append(at, numbered(50, { timestamp: DAY + 500 }));
  const started = await startArchiver(house);
  await waitFor(() => started.archiver.notReady().length > 0, { message: 'it stops' });
  expect(started.archiver.notReady()[0]).toContain('another record than the archive at offset 19');
});

test('the same topic goes on, whether the objects tell their last record or not', async () => {
  for (const faults of [() => ({}), withoutAnchor]) {
    const house = openArchiveHouse();
    await archiveTwenty(house, faults(house));
    house.fake.append(at, numbered(10, {}, 20));
    const { archiver, member } = await startArchiver(house, { archive: faults(house) });
    await waitFor(() => member.mirrored.get(`${topic}/0`) === 30, { message: 'it goes on' });
    expect(archiver.notReady()).toEqual([]);
    expect(member.delivered).toBe(11);
  }
});

test('a log that starts where the archive ends has nothing to compare, and goes on', async () => {
  const house = openArchiveHouse();
  await archiveTwenty(house);
  house.fake.append(at, numbered(10, {}, 20));
  house.fake.trim(at, 20);
  const { member } = await startArchiver(house);
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 30, { message: 'it goes on' });
  await expectChain(house, 30);
});

test('a record that expires before it could be compared stops nothing', async () => {
  const house = openArchiveHouse();
  await archiveTwenty(house, withoutAnchor(house));
  house.fake.append(at, numbered(10, {}, 20));
  const { archiver, member } = await startArchiver(house, {
    archive: {
      async get(name) {
        house.fake.trim(at, 20);
        return await house.archive.get(name);
      },
    },
  });
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 30, { message: 'it goes on' });
  expect(archiver.notReady()).toEqual([]);
});

test('a topic made anew while it is being archived stops its partition loudly', async () => {
  const house = openArchiveHouse();
  house.fake.append(at, numbered(20));
  const { archiver, member } = await startArchiver(house);
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 20, { message: 'archived' });
  house.fake.recreate(topic);
  house.fake.append(at, numbered(5));
  await waitFor(() => archiver.notReady().length > 0, { message: 'it stops' });
  for (const part of ['ends at offset 20', 'the log at 5', 'not the log that was archived'])
    expect(archiver.notReady()[0]).toContain(part);
});

test('an object of another log that was put first is not followed', async () => {
  const house = openArchiveHouse();
  house.fake.append(at, numbered(40));
  const foreign = numbered(20, { value: Buffer.from('else') }).map(
    (record, offset) => ({ key: null, headers: {}, ...record, offset }) as LogRecord,
  );
  const object = await createObjectEncoder().encode({ ...at, source: 'essay' }, foreign);
  const { archiver } = await startArchiver(house, {
    archive: {
      async putIfAbsent(...put) {
        await house.archive.putIfAbsent(object.name, object.bytes, toMetadata(object.range));
        return await house.archive.putIfAbsent(...put);
      },
    },
  });
  await waitFor(() => archiver.notReady().length > 0, { message: 'it stops' });
  expect(archiver.notReady()[0]).toContain('another record than the archive at offset 19');
});
