import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createObjectEncoder } from '../../services/archiver/object.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { LecternError } from '../../services/shared/errors.ts';
import { collect } from '../support/collect.ts';
import { at, type HistoryHouse, openHistoryHouse } from '../support/history-house.ts';

/** What history refuses to take for history, and what it says then. */

let house: HistoryHouse;
afterEach(() => house.remove());

/** Of 100 records the log has lost 60, of which objects of ten hold all but some. */
async function open(without: readonly number[] = []): Promise<void> {
  house = openHistoryHouse();
  house.append(100);
  for (let first = 0; first < 60; first += 10)
    if (!without.includes(first)) await house.put(first, first + 9);
  house.fake.trim(at, 60);
}

const readFrom = (from: number): Promise<unknown[]> => collect(house.history.archived(at, from));

async function expectRefusal(from: number, code: string, ...parts: readonly string[]): Promise<void> {
  const readings = [() => readFrom(from), () => collect(house.history.read({ ...at, from, to: 100 }))];
  for (const reading of readings) {
    const error = await reading().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code });
    for (const part of parts) expect((error as Error).message).toContain(part);
  }
}

describe('offsets that are nowhere', () => {
  test.each<[string, readonly number[], number, string]>([
    ['in the middle', [20, 30], 0, 'offsets 20 to 39 of test.events.essay/0'],
    ['where reading begins', [20], 23, 'offsets 23 to 29'],
    ['at the end of the archive', [50], 40, 'offsets 50 to 59'],
    ['before the archive', [0, 10], 5, 'offsets 5 to 19'],
    ['all of them', [0, 10, 20, 30, 40, 50], 0, 'offsets 0 to 59'],
  ])('%s are named, with the remedy', async (_, without, from, missing) => {
    await open(without);
    await expectRefusal(from, 'HISTORY_GAP', missing, 'restore the archive objects', 'LECTERN_NAMESPACE');
  });

  test('do not matter where they are not read', async () => {
    await open([20]);
    expect(await readFrom(30)).toEqual(house.all.slice(30, 60));
  });

  test('are told after everything before them was given', async () => {
    await open([20]);
    const given: number[] = [];
    const reading = (async () => {
      for await (const page of house.history.archived(at, 0)) given.push(...page.map(({ offset }) => offset));
    })();
    await expect(reading).rejects.toMatchObject({ code: 'HISTORY_GAP' });
    expect(given).toEqual(house.all.slice(0, 20).map(({ offset }) => offset));
  });
});

describe('two objects that hold the same offsets', () => {
  /** An object that no archiver of ours puts: it begins inside another one. */
  test.each([
    ['in the middle of one', 25, 29],
    ['across the ends of some', 25, 44],
    ['from the beginning of one on', 31, 39],
  ])('%s are refused by both names, wherever reading begins up to there', async (_, first, last) => {
    await open();
    const foreign = await house.put(first, last);
    for (const from of [0, 12, first, first + 2]) {
      const [part] = foreign.split('/').slice(-1);
      await expectRefusal(from, 'ARCHIVE_BROKEN', part!, `both hold offset`, 'remove the one');
    }
    expect(await readFrom(50)).toEqual(house.all.slice(50, 60));
  });

  test('under two dates are refused', async () => {
    await open();
    const name = await house.put(20, 29);
    const { bytes, metadata } = (await house.archive.get(name))!;
    await house.archive.putIfAbsent(name.replace(/date=[^/]+/, 'date=2030-01-01'), bytes, metadata);
    await expectRefusal(0, 'ARCHIVE_BROKEN', 'both hold offset 20', 'date=2030-01-01');
  });
});

describe('an object that is not what was put', () => {
  async function replace(
    change: (found: { bytes: Buffer; metadata: Readonly<Record<string, string>> }) => {
      bytes: Buffer;
      metadata: Readonly<Record<string, string>>;
    },
  ): Promise<string> {
    await open();
    const name = await house.put(20, 29);
    const found = (await house.archive.get(name))!;
    await house.archive.delete(name);
    const { bytes, metadata } = change(found);
    await house.archive.putIfAbsent(name, bytes, metadata);
    return name;
  }

  test('because a byte was changed is refused by its name, and nothing of it is given', async () => {
    const name = await replace(({ bytes, metadata }) => {
      const changed = Buffer.from(bytes);
      changed[changed.length - 30]! ^= 1;
      return { bytes: changed, metadata };
    });
    await expectRefusal(22, 'ARCHIVE_BROKEN', name, 'was changed', 'restore');
    await expectRefusal(0, 'ARCHIVE_BROKEN', name);
  });

  test('because it has no metadata is refused', async () => {
    const name = await replace(({ bytes }) => ({ bytes, metadata: {} }));
    await expectRefusal(0, 'ARCHIVE_BROKEN', name, 'does not say which offsets it holds');
  });

  test('because it has the metadata of another is refused', async () => {
    const name = await replace(({ bytes, metadata }) => ({
      bytes,
      metadata: { ...metadata, first: '19', count: '11' },
    }));
    await expectRefusal(0, 'ARCHIVE_BROKEN', name, 'begins at offset 19');
  });

  test('because it holds fewer records than it says is refused', async () => {
    const encoder = createObjectEncoder();
    const short = await encoder.encode({ ...at, source: 'essay' }, house.all.slice(20, 28));
    const name = await replace(() => ({
      bytes: short.bytes,
      metadata: toMetadata({ ...short.range, last: 29, count: 10 }),
    }));
    await expectRefusal(0, 'ARCHIVE_BROKEN', name, 'ends at offset 27, not at 29');
  });

  test('because it holds other offsets than it says is refused', async () => {
    const encoder = createObjectEncoder();
    const holed = house.all.slice(20, 30).filter(({ offset }) => offset !== 25);
    const object = await encoder.encode({ ...at, source: 'essay' }, holed);
    const name = await replace(() => ({
      bytes: object.bytes,
      metadata: toMetadata({ ...object.range, count: 10 }),
    }));
    await expectRefusal(0, 'ARCHIVE_BROKEN', name, 'offset 26 where 25 should be');
  });

  test('because it is no container is refused', async () => {
    const bytes = Buffer.from('copied by hand');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const name = await replace(({ metadata }) => ({ bytes, metadata: { ...metadata, sha256 } }));
    await expectRefusal(0, 'ARCHIVE_BROKEN', name, 'cannot be decoded');
  });

  test('because it is far too large is not even read', async () => {
    house = openHistoryHouse({
      archive: (archive): Partial<ArchiveStore> => ({
        async *list(options) {
          for await (const page of archive.list(options))
            yield page.map((entry) => ({ ...entry, sizeBytes: 70 * 1_048_576 }));
        },
      }),
    });
    house.append(20);
    await house.put(0, 9);
    house.fake.trim(at, 10);
    await expectRefusal(0, 'ARCHIVE_BROKEN', 'more than an object ever has');
    expect(house.objectsRead()).toBe(0);
  });

  test('because it is gone by the time it is read is refused by its name', async () => {
    house = openHistoryHouse({ archive: () => ({ get: async () => null }) });
    house.append(20);
    const name = await house.put(0, 9);
    house.fake.trim(at, 10);
    await expectRefusal(0, 'ARCHIVE_BROKEN', name, 'is gone');
  });
});

test('an archive or a log that is away is passed on as it is', async () => {
  const away = new LecternError('ARCHIVE_UNAVAILABLE', 'away', { retriable: true });
  house = openHistoryHouse({ archive: () => ({ get: () => Promise.reject(away) }) });
  house.append(20);
  await house.put(0, 9);
  house.fake.trim(at, 10);
  await expect(readFrom(0)).rejects.toBe(away);
});
