import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { createArchiveCommand } from '../../services/cli/archive.ts';
import { createRunOnArchive } from '../../services/cli/open-archive.ts';
import { ask, makeFolder } from '../support/export-house.ts';
import { type MadeArchive, makeArchive, putObjects } from '../support/made-archive.ts';

let printed: string[] = [];
const note = (line: unknown): void => void printed.push(String(line).trimEnd());

beforeEach(() => {
  printed = [];
  jest.spyOn(console, 'log').mockImplementation(note);
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    note(line);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

async function lectern(words: readonly string[], env = {}): Promise<number> {
  const program = new Command().addCommand(createArchiveCommand(createRunOnArchive(env), env));
  for (const command of program.commands.flatMap((one) => [one, ...one.commands]))
    command.exitOverride().configureOutput({ writeErr: note });
  try {
    await program.parseAsync(['archive', ...words], { from: 'user' });
    return 0;
  } catch (error) {
    return (error as { exitCode: number }).exitCode;
  }
}

const exportOf = ({ dir }: MadeArchive, out: string, ...words: string[]): Promise<number> =>
  lectern(['export', '--dir', dir, '--out', out, ...words]);

async function made(): Promise<MadeArchive> {
  const archive = makeArchive();
  await putObjects(archive, { source: 'essay', sizes: [3, 4, 5] });
  await putObjects(archive, { source: 'quiz', sizes: [2] });
  await putObjects(archive, { source: '_control', sizes: [1] });
  return archive;
}

const seen = (out: string): readonly string[] =>
  (readdirSync(out, { recursive: true }) as string[])
    .filter((name) => /^source=.*\.(parquet|jsonl)$/.test(name))
    .sort();

describe('lectern archive export', () => {
  test('exports all days of all sources of events, and says what it did', async () => {
    const out = join(makeFolder(), 'new', 'folder');
    const archive = await made();
    expect(await exportOf(archive, out)).toBe(0);
    expect(printed).toEqual([
      'essay 2026-09-01: 3 records, written',
      'essay 2026-09-02: 4 records, written',
      'essay 2026-09-03: 5 records, written',
      'quiz 2026-09-01: 2 records, written',
      '4 days, 14 records: 4 days written',
    ]);
    expect(
      await ask(out, `SELECT source, count(*)::INTEGER AS n FROM '**/*.parquet' GROUP BY ALL ORDER BY ALL`),
    ).toEqual([
      { source: 'essay', n: 12 },
      { source: 'quiz', n: 2 },
    ]);
    printed = [];
    expect(await exportOf(archive, out, '--source', 'essay', '--to', '2026-09-01', '--json')).toBe(0);
    expect(printed.map((line) => JSON.parse(line) as unknown)).toEqual([
      { source: 'essay', date: '2026-09-01', records: 3, outcome: 'unchanged' },
    ]);
  });

  test('exports the days that are asked for, of one learner if it is told so', async () => {
    const out = makeFolder();
    const archive = await made();
    const asked = ['--source', 'essay', '--from', '2026-09-02', '--to', '2026-09-03', '--student', 'tc-s1'];
    expect(await exportOf(archive, out, ...asked)).toBe(0);
    expect(await ask(out, `SELECT DISTINCT key FROM '**/*.parquet'`)).toEqual([{ key: 'tc-s1' }]);
    expect(printed.at(-1)).toBe('2 days, 3 records: 2 days written');
    expect(JSON.stringify(readdirSync(join(out, '_lectern')))).not.toContain('tc-s1');

    printed = [];
    expect(await exportOf(archive, makeFolder(), '--from', '2027-01-01')).toBe(0);
    expect(printed).toEqual(['nothing is archived of these days']);
  });

  test('writes JSON lines as `lectern archive cat` prints them, by time', async () => {
    const archive = makeArchive();
    await putObjects(archive, { source: 'essay', sizes: [2] });
    await putObjects(archive, { source: 'essay', partition: 1, sizes: [1] });
    const out = makeFolder();
    expect(await exportOf(archive, out, '--format', 'jsonl')).toBe(0);
    expect(seen(out)).toEqual(['source=essay/date=2026-09-01/events.jsonl']);
    const text = readFileSync(join(out, seen(out)[0]!), 'utf8');
    printed = [];
    const folder = 'events/source=essay/date=2026-09-01';
    const names = readdirSync(join(archive.dir, folder)).sort();
    await lectern(['cat', '--dir', archive.dir, ...names.map((name) => `${folder}/${name}`)]);
    expect(text).toBe(`${printed.join('\n')}\n`);
    expect(text).toContain('"big":12345678901234567890}');
  });

  test.each([
    [['--from', '2026-09-31'], /must be a day as 2026-09-30/],
    [
      ['--from', '2026-09-03', '--to', '2026-09-02'],
      /--from: 2026-09-03 is after 2026-09-02, which --to says/,
    ],
    [['--format', 'xml'], /Allowed choices are parquet, jsonl/],
    [['--source', 'esay'], /--source: nothing is archived of esay; there are: _control, essay, quiz/],
    [['--memory', '64'], /must be a whole number of MiB, 256 at least/],
    [['--out', ''], /--out: must name a folder, or s3:/],
    [['--out', 'ftp://x/y'], /--out: must be s3:\/\/bucket\/prefix, not ftp:\/\/x\/y/],
    [['--out', 's3://bucket/a//b'], /--out: the prefix a\/\/b must be parts of printable ASCII/],
    [['--out', 's3://bucket/x'], /LECTERN_S3_ENDPOINT: must be a URL/],
  ])('refuses %j with the remedy', async (words, message) => {
    const out = makeFolder();
    expect(await exportOf(await made(), out, ...words)).not.toBe(0);
    expect(printed.join('\n')).toMatch(message);
    expect(seen(out)).toEqual([]);
  });

  test('needs a place, and does not take the archive for one', async () => {
    const archive = await made();
    expect(await lectern(['export', '--dir', archive.dir])).not.toBe(0);
    expect(printed.join()).toContain("required option '--out <place>'");
    for (const out of [archive.dir, join(archive.dir, 'events', 'x')]) {
      printed = [];
      expect(await exportOf(archive, out)).toBe(78);
      expect(printed.join()).toContain('is in the archive: name a folder beside it');
    }
    expect(existsSync(join(archive.dir, '_lectern'))).toBe(false);

    const env = { LECTERN_S3_ENDPOINT: 'http://127.0.0.1:1', LECTERN_S3_BUCKET: 'bucket' };
    const keys = { LECTERN_S3_ACCESS_KEY_ID: 'a', LECTERN_S3_SECRET_ACCESS_KEY: 's' };
    for (const out of ['s3://bucket', 's3://bucket/events/x']) {
      printed = [];
      expect(await lectern(['export', '--out', out], { ...env, ...keys })).toBe(78);
      expect(printed.join()).toContain(
        'is the archive itself: name a prefix of its own, as s3://bucket/exports',
      );
    }
  });

  test('does not mix exports of other kinds', async () => {
    const archive = await made();
    const out = makeFolder();
    expect(await exportOf(archive, out, '--student', 'tc-s1')).toBe(0);
    for (const words of [[], ['--student', 'tc-s2'], ['--student', 'tc-s1', '--format', 'jsonl']]) {
      printed = [];
      expect(await exportOf(archive, out, ...words)).toBe(78);
      expect(printed.join()).toContain('holds another export, of another --format or --student');
    }
  });
});
