import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { requeueHeaders } from '../../services/shared/control/requeue-record.ts';
import { loadSourceTypes } from '../../services/shared/source-schemas.ts';
import {
  DAY_ONE,
  type EventParts,
  eventRecord,
  exportTo,
  makeFolder,
  putObject,
} from '../support/export-house.ts';
import { describeInPython, runPython } from '../support/python.ts';

/** What the analysts' guide says is run, and its answers are compared. */

interface Block {
  readonly language: string;
  readonly code: string;
  /** What the guide says comes of it; null where it says nothing. */
  readonly answer: string | null;
}

const QUIZ = 'org.lectern.example.quiz';
const guide = readFileSync(new URL('../../services/archiver/READING.md', import.meta.url), 'utf8');
const blocks: readonly Block[] = [
  ...guide.matchAll(/```(\w+)\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)```)?/g),
].map(([, language, code, answer]) => ({ language: language!, code: code!, answer: answer ?? null }));
const of = (language: string): readonly Block[] => blocks.filter((block) => block.language === language);

const folder = makeFolder();
/** pandas takes seconds to load, and longer the first time. */
const PANDAS_MS = 180_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;

/** Ten past nine on the first day, in minutes from there. */
const at = (minutes: number): number => DAY_ONE + 9 * HOUR + 10 * MINUTE + minutes * MINUTE;

function essay(offset: number, learner: string, minutes: number, more: EventParts = {}) {
  const client = { event: 'keystrokes', source: 'essay', doc: `doc-${learner}`, chars: 10 + offset };
  const timestamp = at(minutes);
  const key = `tc-${learner}`;
  return eventRecord(offset, { key, type: 'keystrokes', timestamp, client: JSON.stringify(client), ...more });
}

function quiz(offset: number, learner: string, minutes: number, sent: object) {
  const client = JSON.stringify({ source: QUIZ, quiz_id: 'fractions', ...sent });
  const { event: type } = sent as { event: string };
  return eventRecord(offset, { source: QUIZ, key: `tc-${learner}`, type, timestamp: at(minutes), client });
}

/** A class of two days, with an event that was sent twice and one that was given to a reducer again. */
async function makeClass(): Promise<void> {
  const root = join(folder, 'archive');
  mkdirSync(root);
  const archive = createDirectoryArchive({ root });
  const requeue = { module: 'm.v1', reducer: 'm.count', offset: 1 };
  await putObject(archive, [
    essay(0, 'ada', 0),
    essay(1, 'ben', 0.5),
    essay(2, 'ada', 3),
    essay(3, 'ben', 5.25),
  ]);
  await putObject(archive, [
    essay(4, 'ben', 5.5, { id: 'e3' }),
    essay(5, 'ben', 20, { id: 'e1', headers: requeueHeaders(requeue) }),
    essay(6, 'ada', 24 * 60),
  ]);
  const answer = (question: number, score: number, more = {}) => ({
    event: 'answer',
    question,
    score,
    ...more,
  });
  await putObject(
    archive,
    [
      quiz(0, 'ada', 30, { event: 'open' }),
      quiz(1, 'ada', 31, answer(1, 1, { answer: '3/4' })),
      quiz(2, 'ben', 31.5, answer(1, 0, { answer: ['a', 'c'] })),
      quiz(3, 'ben', 32, answer(1, 0.5, { attempt: 2 })),
      quiz(4, 'ada', 33, answer(2, 0.75)),
      quiz(5, 'ada', 34, { event: 'close' }),
    ],
    { source: QUIZ },
  );
  const out = join(folder, 'exports');
  for (const source of ['essay', QUIZ]) {
    const type = loadSourceTypes().get(source);
    await exportTo(archive, { out, source, ...(type === undefined ? {} : { type }) });
  }
}

beforeAll(makeClass);

/** Columns side by side, numbers to the right. */
function tableText(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [names, ...rows.map((row) => row.map((cell) => (cell === null ? 'NULL' : String(cell))))];
  const widths = names.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const isNumber = names.map((_, column) => rows.every((row) => /^-?[\d.]+$/.test(String(row[column]))));
  const pad = (cell: string, column: number): string =>
    isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
  return cells.map((row) => `${row.map(pad).join('  ').trimEnd()}\n`).join('');
}

test('the guide has queries and programs', () => {
  expect(of('sql').filter(({ answer }) => answer !== null).length).toBeGreaterThanOrEqual(5);
  expect(of('python').every(({ answer }) => answer !== null)).toBe(true);
  expect(of('python').length).toBeGreaterThanOrEqual(4);
});

describe('the queries of the guide', () => {
  test('answer what it says, one after the other', async () => {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run(`SET file_search_path = '${folder}'; SET TimeZone = 'UTC'`);
    for (const { code, answer } of of('sql')) {
      const result = await connection.runAndReadAll(code);
      if (answer !== null)
        expect([code, tableText(result.columnNames(), result.getRowsJson())]).toEqual([code, answer]);
    }
    connection.closeSync();
    instance.closeSync();
  });
});

describeInPython('the programs of the guide', () => {
  test.each(of('python'))(
    'print what it says: %#',
    async ({ code, answer }) => {
      expect([code, await runPython(code, folder)]).toEqual([code, answer]);
    },
    PANDAS_MS,
  );
});
