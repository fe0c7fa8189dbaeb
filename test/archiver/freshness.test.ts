import { isDeepStrictEqual } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { LecternError } from '../../services/shared/errors.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import {
  type ArchiveHouse,
  at,
  closeArchiveHouses,
  openArchiveHouse,
  RECORD_BYTES,
  records,
  startArchiver,
  topic,
} from '../support/archive-house.ts';
import { waitFor } from '../support/wait.ts';

/** How far the archive is behind the log, and what becomes of it when that is too far. */

afterEach(closeArchiveHouses);

const HOUR_MS = 3_600_000;
const NOW = Date.parse('2026-05-01T12:00:00Z');
const now = (): number => NOW;
/** Often enough for a test to wait for. */
const lookMs = 5;
const labels = { source: 'essay' };
const other = { topic, partition: 1 };

const aged = (count: number, seconds: number, from = 0): Partial<LogRecord>[] =>
  records(count, from).map((record, n) => ({ ...record, timestamp: NOW - (seconds - n) * 1_000 }));

async function values({ registry }: ArchiveHouse, name: string): Promise<unknown> {
  return (await registry.getSingleMetric(`lectern_archive_${name}`)!.get()).values;
}
const age = (house: ArchiveHouse): Promise<unknown> => values(house, 'oldest_unarchived_seconds');

async function expectAge(house: ArchiveHouse, value: number): Promise<void> {
  let last: unknown;
  const isThere = async (): Promise<boolean> => {
    last = await age(house);
    return isDeepStrictEqual(last, [{ labels, value }]);
  };
  await waitFor(isThere, { message: `it is ${value} s behind` }).catch((cause: Error) => {
    throw new Error(`${cause.message}; it was ${JSON.stringify(last)}`, { cause });
  });
}

const away = (): Promise<never> =>
  Promise.reject(new LecternError('ARCHIVE_UNAVAILABLE', 'the archive is away', { retriable: true }));
const AWAY: Partial<ArchiveStore> = { putIfAbsent: away, listFolders: away };

describe('the age of the oldest record that is not archived', () => {
  test('is that of what is buffered, and 0 once it is put', async () => {
    const house = openArchiveHouse();
    const { member } = await startArchiver(house, { now, lookMs });
    await expectAge(house, 0);
    house.fake.append(at, aged(2, 90));
    await waitFor(() => member.delivered === 2, { message: 'they are read' });
    expect(await age(house)).toEqual([{ labels, value: 90 }]);
    house.fake.append(at, aged(8, 60, 2));
    await expectAge(house, 0);
  });

  test('is told by who has the partitions: without any, an archiver has no sample, and says that it has none', async () => {
    const house = openArchiveHouse(2);
    const { archiver, member } = await startArchiver(house, { now, lookMs });
    await expectAge(house, 0);
    expect(await values(house, 'assigned_partitions')).toEqual([{ labels, value: 2 }]);
    house.fake.append(at, aged(2, 90));
    await expectAge(house, 90);
    member.assign([other]);
    await expectAge(house, 0);
    member.assign([]);
    expect(await age(house)).toEqual([]);
    expect(await values(house, 'assigned_partitions')).toEqual([{ labels, value: 0 }]);
    member.assign([at]);
    await expectAge(house, 90);
    await archiver.stop();
    expect(await age(house)).toEqual([]);
  });

  test('counts what waits in the log while nothing of it is buffered', async () => {
    const house = openArchiveHouse(2);
    const { member } = await startArchiver(house, {
      now,
      lookMs,
      limits: { maxBytes: 100 * RECORD_BYTES, bufferBytes: 10 * RECORD_BYTES },
      archive: { putIfAbsent: away },
    });
    house.fake.append(at, aged(20, 100));
    await waitFor(() => member.delivered >= 10, { message: 'the budget is used' });
    // Paused now, so that nothing of it is read.
    house.fake.append(other, aged(3, 5_000));
    await expectAge(house, 5_000);
  });

  test('is known of an archiver that was started anew while the archive is away: from where the group says on', async () => {
    const house = openArchiveHouse();
    house.fake.append(at, aged(20, 9_000));
    const before = await startArchiver(house, { now, lookMs });
    await waitFor(() => before.member.mirrored.get(`${topic}/0`) === 20, { message: 'archived' });
    await before.archiver.stop();
    house.fake.append(at, aged(5, 700, 20));
    const { registry } = await startArchiver(house, { now, lookMs, archive: AWAY });
    await expectAge({ ...house, registry }, 700);
  });

  test('of a partition that cannot even begin is that of the oldest record that the log still has', async () => {
    const house = openArchiveHouse();
    house.fake.append(at, aged(40, 5_000));
    house.fake.trim(at, 25);
    const { archiver } = await startArchiver(house, { now, lookMs });
    await waitFor(() => archiver.notReady().length > 0, { message: 'it stops' });
    await expectAge(house, 4_975);
    expect(await values(house, 'stopped_partitions')).toEqual([{ labels, value: 1 }]);
  });

  test('of a partition that is stopped with records in memory is that of the first of them', async () => {
    const house = openArchiveHouse();
    const { archiver, member } = await startArchiver(house, { now, lookMs });
    house.fake.append(at, aged(5, 800));
    await waitFor(() => member.delivered === 5, { message: 'they are read' });
    house.fake.append(at, aged(10, 300, 5));
    house.fake.trim(at, 8);
    await waitFor(() => archiver.notReady().length > 0, { message: 'it stops' });
    // The log has none of them any more but those from offset 8 on.
    await expectAge(house, 297);
  });
});

describe('an archive further behind than a tenth of what the log keeps', () => {
  const endangered = (house: ArchiveHouse): Promise<unknown> => values(house, 'endangered_partitions');

  test('is an alarm: in the metrics, in readiness, and once in the log, until it has caught up', async () => {
    const house = openArchiveHouse(2);
    house.fake.keepFor(30 * HOUR_MS);
    house.fake.append(at, aged(5, 3 * 3_600 + 60));
    house.fake.append(other, aged(5, 3 * 3_600 - 60));
    const { archiver } = await startArchiver(house, { now, lookMs });
    await waitFor(() => archiver.degraded().length > 0, { message: 'it is an alarm' });
    expect(archiver.degraded()).toEqual([
      `the archive of ${topic} is 3.0 h behind, of the 30.0 h that the log keeps: see in the log of the archiver what it waits for, or raise retention.ms of the topic, before records are lost`,
    ]);
    expect(archiver.notReady()).toEqual([]);
    expect(await endangered(house)).toEqual([{ labels, value: 1 }]);
    expect(await values(house, 'retention_seconds')).toEqual([{ labels, value: 108_000 }]);
    const said = (text: string): string[] => house.logged.filter((line) => line.includes(text));
    await waitFor(() => said('records may be lost').length > 0, { message: 'it is said' });
    house.fake.append(at, aged(5, 60, 5));
    await waitFor(() => said('no longer too far behind').length > 0, { message: 'that it is over is said' });
    expect(archiver.degraded()).toEqual([]);
    expect(await endangered(house)).toEqual([{ labels, value: 0 }]);
    expect(said('records may be lost')).toHaveLength(1);
    expect(said('no longer too far behind')).toHaveLength(1);
  });

  test('is none where the log removes nothing for its age', async () => {
    const house = openArchiveHouse();
    house.fake.append(at, aged(5, 1_000 * 3_600));
    const { archiver } = await startArchiver(house, { now, lookMs });
    await expectAge(house, 3_600_000);
    expect(archiver.degraded()).toEqual([]);
    expect(await endangered(house)).toEqual([{ labels, value: 0 }]);
    expect(await values(house, 'retention_seconds')).toEqual([]);
  });
});
