import { afterEach, describe, expect, test } from '@jest/globals';
import { createObjectOpener } from '../../services/shared/archive/open-object.ts';
import { verifySource } from '../../services/shared/archive/verify.ts';
import { readContainer } from '../../services/shared/avro.ts';
import { isTombstone } from '../../services/shared/erasing/erased-record.ts';
import { createErasures } from '../../services/shared/erasing/erasures.ts';
import { newErasure } from '../../services/shared/erasing/new-erasure.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import {
  type ArchiveHouse,
  at,
  closeArchiveHouses,
  openArchiveHouse,
  startArchiver,
} from '../support/archive-house.ts';
import { collect } from '../support/collect.ts';
import { eventRecord } from '../support/events.ts';
import { waitFor } from '../support/wait.ts';

afterEach(closeArchiveHouses);

const BEFORE = 10_000;
const bob = newErasure({ salt: null }, { learner: 'bob', before: BEFORE, now: 1 });

/** What is decided so far, and is known once somebody asks. */
function createDecisions() {
  const erasures = createErasures();
  const decided: (typeof bob)[] = [];
  const caughtUp = async (): Promise<void> => {
    for (const one of decided.splice(0)) erasures.take(one);
  };
  return { control: { erasures, caughtUp }, decide: () => void decided.push(bob) };
}

const records = (): Partial<LogRecord>[] =>
  ['bob', 'ann', 'bob', 'ann'].map((student) => {
    const given = { namespace: 'test', source: 'essay', student, receivedAt: BEFORE - 1 };
    const { key, value } = eventRecord(given);
    return { key: Buffer.from(key), value };
  });

const archived = async ({ archive }: ArchiveHouse): Promise<LogRecord[]> => {
  const entries = await collect(archive.list({ prefix: 'events/source=essay/' }));
  const objects = await Promise.all(
    entries.map(async ({ name }) => readContainer<LogRecord>((await archive.get(name))!.bytes)),
  );
  return objects.flat();
};
const erasedIn = async (house: ArchiveHouse): Promise<boolean[]> =>
  (await archived(house)).map((record) => isTombstone(record));
const ERASED = [true, false, true, false];

const isWhole = async ({ archive }: ArchiveHouse): Promise<void> => {
  const deps = { archive, opener: createObjectOpener(archive) };
  expect((await verifySource('essay', { deep: true }, deps)).faults).toEqual([]);
};

describe('an archiver', () => {
  test('puts tombstones of what was erased before it cut an object', async () => {
    const house = openArchiveHouse();
    const { control, decide } = createDecisions();
    const { archiver, member } = await startArchiver(house, { control, limits: { maxBytes: 100_000 } });
    house.fake.append(at, records());
    await waitFor(() => member.delivered === 4, { message: 'the records are buffered' });
    decide();
    await archiver.stop();
    expect(await erasedIn(house)).toEqual(ERASED);
    // Not put with them and rewritten then.
    expect(await collect(house.archive.list({ prefix: 'erasures/' }))).toEqual([]);
    await isWhole(house);
  });

  test('erases in an object that was on its way when it was decided', async () => {
    const house = openArchiveHouse();
    const { control, decide } = createDecisions();
    const archive = {
      ...house.archive,
      putIfAbsent: (...given: Parameters<typeof house.archive.putIfAbsent>) => {
        if (given[0].startsWith('events/')) decide();
        return house.archive.putIfAbsent(...given);
      },
    };
    const { archiver, member } = await startArchiver(house, {
      control,
      archive,
      limits: { maxBytes: 100_000 },
    });
    house.fake.append(at, records());
    await waitFor(() => member.delivered === 4, { message: 'the records are buffered' });
    await archiver.stop();
    expect(await erasedIn(house)).toEqual(ERASED);
    await isWhole(house);
  });

  test('erases in the last object of a partition that it takes over from one that died', async () => {
    const house = openArchiveHouse();
    const first = await startArchiver(house, { limits: { maxBytes: 100_000 } });
    house.fake.append(at, records());
    await waitFor(() => first.member.delivered === 4, { message: 'the records are buffered' });
    await first.archiver.stop();
    expect(await erasedIn(house)).toEqual([false, false, false, false]);
    const { control, decide } = createDecisions();
    decide();
    const next = await startArchiver(house, { control });
    await waitFor(async () => (await erasedIn(house)).join() === ERASED.join(), {
      message: 'the object is erased',
    });
    await isWhole(house);
    house.fake.append(at, records());
    await waitFor(() => next.member.delivered === 5, { message: 'it goes on behind it' });
    expect(next.archiver.notReady()).toEqual([]);
  });
});
