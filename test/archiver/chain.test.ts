import { afterEach, expect, test } from '@jest/globals';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import {
  type ArchiveHouse,
  at,
  closeArchiveHouses,
  expectChain,
  objectsOf,
  openArchiveHouse,
  RECORD_BYTES,
  records,
  startArchiver,
} from '../support/archive-house.ts';
import { waitFor } from '../support/wait.ts';

/** The objects of a partition form one chain, whatever crashed and whoever else archived. */

afterEach(closeArchiveHouses);

const archivedUpTo = (house: ArchiveHouse, end: number): Promise<unknown> =>
  waitFor(async () => (await objectsOf(house)).at(-1)?.last === end - 1, {
    message: `archived up to ${end}`,
  });
const never = (): Promise<never> => new Promise(() => undefined);

test.each<[string, (archive: ArchiveStore, reached: () => void) => Partial<ArchiveStore>]>([
  [
    'while it looks where to go on',
    (_, reached) => ({
      listFolders() {
        reached();
        return never();
      },
    }),
  ],
  [
    'before a put arrived',
    (archive, reached) => ({
      putIfAbsent(name, ...rest) {
        if (name.endsWith('00.avro')) return archive.putIfAbsent(name, ...rest);
        reached();
        return never();
      },
    }),
  ],
  [
    'after a put, before its answer',
    (archive, reached) => ({
      async putIfAbsent(...put) {
        await archive.putIfAbsent(...put);
        reached();
        return await never();
      },
    }),
  ],
  [
    'after the answer to a put',
    (archive, reached) => ({
      async putIfAbsent(...put) {
        setImmediate(reached);
        return await archive.putIfAbsent(...put);
      },
    }),
  ],
])('a crash %s leaves a chain that the next goes on with', async (_, faults) => {
  const house = openArchiveHouse();
  house.fake.append(at, records(55));
  let crashed = false;
  await startArchiver(house, {
    archive: faults(house.archive, () => {
      crashed = true;
      house.fake.members[0]!.kill();
    }),
  });
  await waitFor(() => crashed, { message: 'the crash' });
  house.fake.append(at, records(20, 55));
  const second = await startArchiver(house, { limits: { maxBytes: 7 * RECORD_BYTES, maxAgeMs: 200 } });
  await archivedUpTo(house, 75);
  await second.archiver.stop();
  await expectChain(house, 75);
});

test('two that both believe to own a partition, and cut differently, make one chain', async () => {
  const house = openArchiveHouse();
  house.fake.append(at, records(100));
  const sizes = [9, 4, 6];
  const started = await Promise.all(
    sizes.map((size) => startArchiver(house, { limits: { maxBytes: size * RECORD_BYTES, maxAgeMs: 200 } })),
  );
  for (let end = 150; end <= 400; end += 50) {
    house.fake.append(at, records(50, end - 50));
    await archivedUpTo(house, end);
  }
  await Promise.all(started.map(({ archiver }) => archiver.stop()));
  await expectChain(house, 400);
});

test('a put that comes late, from a member that lost the partition, changes nothing', async () => {
  const house = openArchiveHouse();
  house.fake.append(at, records(30));
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const outcomes: string[] = [];
  let waiting = false;
  const zombie = await startArchiver(house, {
    limits: { maxBytes: 25 * RECORD_BYTES },
    archive: {
      async putIfAbsent(...put) {
        waiting = true;
        await held;
        const outcome = await house.archive.putIfAbsent(...put);
        outcomes.push(outcome);
        return outcome;
      },
    },
  });
  await waitFor(() => waiting, { message: 'the put is under way' });
  zombie.member.revoke();
  const owner = await startArchiver(house);
  await waitFor(async () => (await objectsOf(house)).length > 1, { message: 'the owner archives' });
  release();
  await waitFor(() => outcomes.length > 0, { message: 'the late put is answered' });
  await owner.archiver.stop();
  expect(outcomes).toEqual(['exists']);
  expect(zombie.member.mirrored.size).toBe(0);
  await expectChain(house, 30);
});

test('what was buffered when the assignment ended is read again, not put twice', async () => {
  const house = openArchiveHouse();
  house.fake.append(at, records(25));
  const { archiver, member } = await startArchiver(house);
  await waitFor(() => member.mirrored.get(`${at.topic}/0`) === 20, {
    message: 'two objects, five records left',
  });
  member.revoke();
  house.fake.append(at, records(10, 25));
  member.assign([at]);
  await waitFor(() => member.mirrored.get(`${at.topic}/0`) === 30, { message: 'the third' });
  await archiver.stop();
  expect(await expectChain(house, 35)).toHaveLength(4);
});

test('it goes on from what the store holds, not from what the group says', async () => {
  const house = openArchiveHouse();
  house.fake.append(at, records(20));
  const first = await startArchiver(house);
  await waitFor(() => first.member.mirrored.get(`${at.topic}/0`) === 20, { message: 'it is mirrored' });
  await first.archiver.stop();
  const [, last] = await objectsOf(house);
  await house.archive.delete(last!.name);
  const second = await startArchiver(house);
  await waitFor(() => second.member.mirrored.get(`${at.topic}/0`) === 20, { message: 'it is put again' });
  expect(second.member.delivered).toBe(11); // the last that is archived once more, to compare it
  await expectChain(house, 20);
});

test('a put whose answer was lost is taken for what it is', async () => {
  const house = openArchiveHouse();
  house.fake.append(at, records(30));
  const { archiver, member } = await startArchiver(house, {
    archive: {
      async putIfAbsent(...put) {
        await house.archive.putIfAbsent(...put);
        return 'exists';
      },
    },
  });
  await waitFor(async () => (await objectsOf(house)).length === 3, { message: 'all is put' });
  await archiver.stop();
  expect(member.delivered).toBe(30);
  await expectChain(house, 30);
});

test('a broker clock that once ran ahead neither hides objects nor stops the chain', async () => {
  const house = openArchiveHouse();
  const dated = (count: number, from: number, date: string) =>
    records(count, from).map((record) => ({ ...record, timestamp: Date.parse(date) }));
  house.fake.append(at, dated(10, 0, '2031-01-01'));
  house.fake.append(at, dated(20, 10, '2026-01-01'));
  const first = await startArchiver(house);
  await waitFor(() => first.member.mirrored.get(`${at.topic}/0`) === 30, { message: 'all is put' });
  await first.archiver.stop();
  house.fake.trim(at, 25);
  house.fake.append(at, dated(10, 30, '2026-01-02'));
  const second = await startArchiver(house);
  await waitFor(() => second.member.mirrored.get(`${at.topic}/0`) === 40, { message: 'it goes on' });
  expect(second.archiver.notReady()).toEqual([]);
  const dates = (await expectChain(house, 40)).map(({ name }) => /date=([^/]+)/.exec(name)![1]);
  expect(dates).toEqual(['2031-01-01', '2026-01-01', '2026-01-01', '2026-01-02']);
});
