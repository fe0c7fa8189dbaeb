import { afterEach, expect, test } from '@jest/globals';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { LecternError } from '../../services/shared/errors.ts';
import {
  type ArchiveHouse,
  at,
  closeArchiveHouses,
  expectChain,
  objectsOf,
  openArchiveHouse,
  records,
  startArchiver,
  topic,
} from '../support/archive-house.ts';
import { waitFor } from '../support/wait.ts';

/** What the archiver does when it cannot go on: waits where waiting helps, stops the one partition where it does not. */

afterEach(closeArchiveHouses);

const other = { topic, partition: 1 };

/** An archive that can be switched off. */
function switchable({ archive }: ArchiveHouse): { store: Partial<ArchiveStore>; away: boolean } {
  const self = { store: {}, away: false };
  const unless = async <T>(work: () => Promise<T>): Promise<T> => {
    if (self.away) throw new LecternError('ARCHIVE_UNAVAILABLE', 'the archive is away', { retriable: true });
    return await work();
  };
  const store: Partial<ArchiveStore> = {
    putIfAbsent: (...put) => unless(() => archive.putIfAbsent(...put)),
    metadata: (name) => unless(() => archive.metadata(name)),
    listFolders: (prefix) => unless(() => archive.listFolders(prefix)),
  };
  return Object.assign(self, { store });
}

test('an archive that goes away is named, waited for with little in memory, and gone on with', async () => {
  const house = openArchiveHouse();
  const archive = switchable(house);
  const { archiver, member } = await startArchiver(house, { archive: archive.store });
  house.fake.append(at, records(10));
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 10, { message: 'one object' });
  archive.away = true;
  house.fake.append(at, records(200, 10));
  await waitFor(() => archiver.notReady().length > 0, { message: 'it says so' });
  expect(archiver.notReady()).toEqual(['the archive is away']);
  expect(member.delivered).toBeLessThan(40);
  archive.away = false;
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 210, { message: 'it goes on' });
  expect(archiver.notReady()).toEqual([]);
  await expectChain(house, 210);
});

test('an archive that is away at the start is waited for', async () => {
  const house = openArchiveHouse(2);
  const archive = switchable(house);
  archive.away = true;
  house.fake.append(at, records(20));
  const { archiver, member } = await startArchiver(house, { archive: archive.store });
  await waitFor(() => archiver.notReady().length > 0, { message: 'it says so' });
  expect(archiver.notReady()).toEqual(['the archive is away']);
  expect(member.delivered).toBe(0);
  archive.away = false;
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 20, { message: 'it goes on' });
  await expectChain(house, 20);
});

test('a store that refuses a put as taken, and has nothing under that name, is asked again', async () => {
  const house = openArchiveHouse();
  let lies = 2;
  house.fake.append(at, records(20));
  const { archiver, member } = await startArchiver(house, {
    archive: {
      putIfAbsent: async (...put) => (lies-- > 0 ? 'exists' : house.archive.putIfAbsent(...put)),
    },
  });
  await waitFor(() => archiver.notReady().length > 0, { message: 'it says so' });
  expect(archiver.notReady()[0]).toContain('has none of that name');
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 20, { message: 'it goes on' });
  expect(archiver.notReady()).toEqual([]);
  await expectChain(house, 20);
});

test('the rest is left to the next when the assignment ends while the archive is away', async () => {
  const house = openArchiveHouse();
  const archive = switchable(house);
  house.fake.append(at, records(20));
  archive.away = true;
  const { archiver, member } = await startArchiver(house, { archive: archive.store });
  await waitFor(() => archiver.notReady().length > 0, { message: 'it says so' });
  member.revoke();
  expect(archiver.notReady()).toEqual([]);
  archive.away = false;
  member.assign([at]);
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 20, { message: 'it goes on' });
  await expectChain(house, 20);
});

test.each([
  ['above an empty archive', 0, 'offsets 0 to 24'],
  ['above the end of the archive', 20, 'offsets 20 to 24'],
])('a log that starts %s stops that partition, loudly, and no other', async (_, archived, missing) => {
  const house = openArchiveHouse(2);
  if (archived > 0) {
    house.fake.append(at, records(archived));
    const before = await startArchiver(house);
    await waitFor(() => before.member.mirrored.get(`${topic}/0`) === archived, { message: 'archived' });
    await before.archiver.stop();
  }
  house.fake.append(at, records(40 - archived, archived));
  house.fake.append(other, records(10));
  house.fake.trim(at, 25);
  const { archiver, member } = await startArchiver(house);
  await waitFor(() => archiver.notReady().length > 0, { message: 'it stops' });
  expect(archiver.notReady()).toHaveLength(1);
  for (const said of [archiver.notReady()[0]!, house.logged.join()])
    for (const part of [missing, `${topic}/0`, 'restore']) expect(said).toContain(part);
  await waitFor(() => member.mirrored.get(`${topic}/1`) === 10, { message: 'the other goes on' });
  await archiver.stop();
  await expectChain(house, archived);
  await expectChain(house, 10, other);
});

test('records that vanish from the log before they are read stop the partition', async () => {
  const house = openArchiveHouse(2);
  const { archiver, member } = await startArchiver(house);
  house.fake.append(at, records(5));
  await waitFor(() => member.delivered === 5, { message: 'they are read' });
  // As Kafka does it to a reader that fell behind: on from the new earliest, without a word.
  house.fake.append(at, records(10, 5));
  house.fake.trim(at, 8);
  await waitFor(() => archiver.notReady().length > 0, { message: 'it stops' });
  expect(archiver.notReady()[0]).toContain('offsets 5 to 7');
  const stopped = await house.registry.getSingleMetric('lectern_archive_stopped_partitions')?.get();
  expect(stopped!.values).toEqual([{ labels: { source: 'essay' }, value: 1 }]);
  await archiver.stop();
  expect(await objectsOf(house)).toEqual([]);
});

test('a topic that was made anew under the old name is not taken for the archived one', async () => {
  const house = openArchiveHouse();
  house.fake.append(at, records(20));
  const before = await startArchiver(house);
  await waitFor(() => before.member.mirrored.get(`${topic}/0`) === 20, { message: 'archived' });
  await before.archiver.stop();
  house.fake.recreate(topic);
  house.fake.append(at, records(5));
  const { archiver, member } = await startArchiver(house);
  await waitFor(() => archiver.notReady().length > 0, { message: 'it stops' });
  for (const part of ['ends at offset 20', 'the log at 5']) expect(archiver.notReady()[0]).toContain(part);
  expect(member.delivered).toBe(0);
});

test('an object without its metadata stops the partition, by its name', async () => {
  const house = openArchiveHouse();
  house.fake.append(at, records(10));
  const name = `events/source=essay/date=2026-01-01/${topic}+0+${'0'.repeat(20)}.avro`;
  await house.archive.putIfAbsent(name, Buffer.from('copied by hand'), {});
  const { archiver } = await startArchiver(house);
  await waitFor(() => archiver.notReady().length > 0, { message: 'it stops' });
  expect(archiver.notReady()[0]).toContain(name);
});
