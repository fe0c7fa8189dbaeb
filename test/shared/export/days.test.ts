import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { BOOKS, type ExportTarget } from '../../../services/shared/export/target.ts';
import {
  ask,
  DAY_ONE,
  eventRecord,
  exportTo,
  makeFolder,
  putObject,
  SOURCE,
  told,
} from '../../support/export-house.ts';
import { makeArchive } from '../../support/made-archive.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ALL = `SELECT date::VARCHAR AS date, "offset"::INTEGER AS "offset" FROM '**/*.parquet' ORDER BY ALL`;
const fileOf = (out: string, date: string): string =>
  join(out, `source=${SOURCE}`, `date=${date}`, 'events.parquet');

/** Records from `first` on, at these hours since the first day. */
function at(first: number, ...hours: readonly number[]) {
  return hours.map((hour, index) => eventRecord(first + index, { timestamp: DAY_ONE + hour * HOUR }));
}

/** The names that a reader would see, without what is kept about them. */
function seen(out: string): readonly string[] {
  return (readdirSync(out, { recursive: true }) as string[])
    .filter((name) => !name.startsWith(BOOKS) && statSync(join(out, name)).isFile())
    .sort();
}

describe('days', () => {
  test('are of UTC by when the log took a record, also where an object goes on past midnight', async () => {
    const { archive } = makeArchive();
    await putObject(archive, at(0, 22, 23.9999, 24, 30));
    await putObject(archive, at(4, 47, 73));
    const out = makeFolder();
    expect(told(await exportTo(archive, { out }))).toEqual([
      '2026-09-01 2 written',
      '2026-09-02 3 written',
      '2026-09-04 1 written',
    ]);
    expect(await ask(out, ALL)).toEqual([
      { date: '2026-09-01', offset: 0 },
      { date: '2026-09-01', offset: 1 },
      { date: '2026-09-02', offset: 2 },
      { date: '2026-09-02', offset: 3 },
      { date: '2026-09-02', offset: 4 },
      { date: '2026-09-04', offset: 5 },
    ]);
  });

  test('that are asked for are whole, though their records lie in an object of another date', async () => {
    const { archive } = makeArchive();
    await putObject(archive, at(0, 1, 25, 49, 73));
    await putObject(archive, at(4, 74, 97));
    const range = { from: '2026-09-03', to: '2026-09-04' };
    expect(told(await exportTo(archive, { out: makeFolder(), ...range }))).toEqual([
      '2026-09-03 1 written',
      '2026-09-04 2 written',
    ]);
    expect(await exportTo(archive, { out: makeFolder(), from: '2026-10-01' })).toEqual([]);
  });

  test('are right where the clock of a broker was put forward and back', async () => {
    const { archive } = makeArchive();
    await putObject(archive, at(0, 1, 73, 2));
    await putObject(archive, at(3, 74, 3, 75));
    await putObject(archive, at(6, 4, 5));
    const out = makeFolder();
    await exportTo(archive, { out });
    const dates = (await ask(out, ALL)).map(({ date, offset }) => `${date} ${offset}`);
    const [first, fourth] = ['2026-09-01', '2026-09-04'];
    expect(dates).toEqual([
      ...[0, 2, 4, 6, 7].map((offset) => `${first} ${offset}`),
      ...[1, 3, 5].map((offset) => `${fourth} ${offset}`),
    ]);
  });
});

describe('an export into the same place', () => {
  test('writes only days that changed', async () => {
    const { archive } = makeArchive();
    await putObject(archive, at(0, 1, 2));
    await putObject(archive, at(2, 25));
    const out = makeFolder();
    await exportTo(archive, { out });
    const before = statSync(fileOf(out, '2026-09-01'), { bigint: true });
    expect(told(await exportTo(archive, { out }))).toEqual([
      '2026-09-01 2 unchanged',
      '2026-09-02 1 unchanged',
    ]);

    await putObject(archive, at(3, 26, 50));
    expect(told(await exportTo(archive, { out }))).toEqual([
      '2026-09-01 2 unchanged',
      '2026-09-02 2 written',
      '2026-09-03 1 written',
    ]);
    const { ino, mtimeNs } = statSync(fileOf(out, '2026-09-01'), { bigint: true });
    expect([ino, mtimeNs]).toEqual([before.ino, before.mtimeNs]);
    expect((await ask(out, ALL)).map((row) => row.offset)).toEqual([0, 1, 2, 3, 4]);
  });

  test('reads no object again whose days it knows', async () => {
    const { archive } = makeArchive();
    await putObject(archive, at(0, 1, 25));
    const out = makeFolder();
    await exportTo(archive, { out });
    const got: string[] = [];
    const counting = {
      ...archive,
      get(name: string) {
        got.push(name);
        return archive.get(name);
      },
    };
    expect(await exportTo(counting, { out })).toHaveLength(2);
    expect(got).toEqual([]);
    const added = await putObject(archive, at(2, 26));
    await exportTo(counting, { out });
    // Once to learn its days; then both for the day that they share.
    expect(got.filter((name) => name === added)).toHaveLength(2);
    expect(got).toHaveLength(3);
  });

  test('writes a day anew whose object was rewritten, and takes it away when nothing of it is left', async () => {
    const { archive } = makeArchive();
    const name = await putObject(archive, at(0, 1, 2));
    await putObject(archive, at(2, 25));
    const out = makeFolder();
    await exportTo(archive, { out });
    const rewrite = async (erased: readonly number[]): Promise<void> => {
      await archive.delete(name);
      const left = at(0, 1, 2).map((record) =>
        erased.includes(record.offset) ? { ...record, value: null } : record,
      );
      await putObject(archive, left);
    };
    await rewrite([0]);
    expect(told(await exportTo(archive, { out }))).toEqual([
      '2026-09-01 1 written',
      '2026-09-02 1 unchanged',
    ]);
    await rewrite([0, 1]);
    expect(told(await exportTo(archive, { out }))).toEqual([
      '2026-09-01 0 written',
      '2026-09-02 1 unchanged',
    ]);
    expect(seen(out)).toEqual([`source=${SOURCE}/date=2026-09-02/events.parquet`]);
    expect(told(await exportTo(archive, { out }))).toEqual([
      '2026-09-01 0 unchanged',
      '2026-09-02 1 unchanged',
    ]);
  });

  test('writes a day anew whose file is gone or cut short, and one whose notes are', async () => {
    const { archive } = makeArchive();
    await putObject(archive, at(0, 1, 25, 49));
    const out = makeFolder();
    await exportTo(archive, { out });
    rmSync(fileOf(out, '2026-09-01'));
    writeFileSync(fileOf(out, '2026-09-02'), readFileSync(fileOf(out, '2026-09-02')).subarray(9));
    writeFileSync(join(out, BOOKS, `source=${SOURCE}`, 'date=2026-09-03.json'), '{');
    writeFileSync(join(out, BOOKS, `source=${SOURCE}`, 'objects.json'), '{"odd": 1}');
    const outcomes = await exportTo(archive, { out });
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['written', 'written', 'written']);
    expect(await ask(out, ALL)).toHaveLength(3);
  });

  test('goes on where it was interrupted, at whatever step, and never shows half a file', async () => {
    const { archive } = makeArchive();
    await putObject(archive, at(0, 1, 25, 26, 49));
    const whole = makeFolder();
    await exportTo(archive, { out: whole });
    const names = seen(whole);
    const out = makeFolder();
    let isDone = false;
    let steps = 0;
    for (; !isDone && steps < 50; steps++) {
      let left = 1 + (steps % 2);
      const step = async <T>(work: () => Promise<T>): Promise<T> => {
        if (left-- <= 0) throw new Error('interrupted');
        return await work();
      };
      const target = (opened: ExportTarget): ExportTarget => ({
        ...opened,
        write: (name, bytes) => step(() => opened.write(name, bytes)),
        putFile: (name, path) => step(() => opened.putFile(name, path)),
      });
      isDone = await exportTo(archive, { out, target }).then(
        () => true,
        () => false,
      );
      for (const name of seen(out))
        expect(readFileSync(join(out, name))).toEqual(readFileSync(join(whole, name)));
    }
    expect(steps).toBeGreaterThan(3);
    expect(seen(out)).toEqual(names);
    expect(readdirSync(join(out, BOOKS, 'unfinished'))).toEqual([]);
  });
});

test('an archive with a gap is not exported', async () => {
  const { archive } = makeArchive();
  await putObject(archive, at(0, 1));
  const gone = await putObject(archive, at(1, 2));
  await putObject(archive, at(2, 3));
  await archive.delete(gone);
  await expect(exportTo(archive, { out: makeFolder() })).rejects.toMatchObject({
    code: 'ARCHIVE_BROKEN',
    message: expect.stringMatching(/gap.*does not begin at 1; `lectern archive verify --source essay`/),
  });
});

test('what a killed export left is swept away by the next, what a running one has is not', async () => {
  const { archive } = makeArchive();
  await putObject(archive, at(0, 1, DAY / HOUR));
  const out = makeFolder();
  await exportTo(archive, { out });
  const left = join(out, BOOKS, 'unfinished', '2147483646-abc');
  const running = join(out, BOOKS, 'unfinished', `${process.pid}-abc`);
  for (const path of [left, running]) writeFileSync(path, '');
  await exportTo(archive, { out });
  expect(readdirSync(join(out, BOOKS, 'unfinished'))).toEqual([`${process.pid}-abc`]);
});
