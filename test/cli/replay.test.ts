import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { createRunOnArchive } from '../../services/cli/open-archive.ts';
import { createReplayCommand } from '../../services/cli/replay.ts';
import { replayFolder } from '../replay/replayed.ts';
import { type MadeArchive, makeArchive, putObjects } from '../support/made-archive.ts';
import { folderWith } from '../support/module-folder.ts';

let told: string[] = [];

beforeEach(() => {
  told = [];
  jest.spyOn(console, 'error').mockImplementation((line: unknown) => void told.push(String(line)));
});

afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

/** The exit code; what it said is in `told`. */
async function lectern({ dir }: MadeArchive, ...words: string[]): Promise<number> {
  const watchdog = { claimed: () => undefined, reducing: () => undefined, stop: async () => undefined };
  const command = createReplayCommand({}, createRunOnArchive({}), () => watchdog);
  const program = new Command().addCommand(command);
  command.exitOverride().configureOutput({ writeErr: (text) => void told.push(text.trimEnd()) });
  try {
    await program.parseAsync(['replay', ...words, '--dir', dir], { from: 'user' });
  } catch (error) {
    return (error as { exitCode: number }).exitCode;
  }
  return Number(process.exitCode ?? 0);
}

const SOURCE = 'essay';
const MODULE = `import { KeyField, reducer, Scope } from 'lectern/reducers';
const scope = Scope([KeyField.STUDENT]);
const count = (_event, state) => state + 1;
const refuse = (event, state) => {
  if (event.client.n === 4) throw new Error('the name of a learner');
  return { last: event.client.n };
};
export const NAME = 'counted';
export const VERSION = 3;
export const REDUCERS = [
  { context: '${SOURCE}', function: reducer({ name: 'count', nullState: 0, scope }, count) },
  { context: '${SOURCE}', function: reducer({ name: 'last', nullState: null, scope }, refuse) },
];
`;

async function archived(): Promise<MadeArchive> {
  const made = makeArchive();
  await putObjects(made, { source: SOURCE, sizes: [3, 3, 3] });
  return made;
}

const files = () => ({
  module: folderWith({ 'module.js': MODULE }),
  out: join(replayFolder(), 'states.jsonl'),
});

test('writes the states of a module in a folder, one line a key, sorted', async () => {
  const { module, out } = files();
  expect(await lectern(await archived(), '--module', module, '--out', out)).toBe(0);
  expect(readFileSync(out, 'utf8').split('\n')).toEqual([
    '{"reducer":"counted.count","key":{"STUDENT":"tc-s0"},"internal":3,"external":3}',
    '{"reducer":"counted.count","key":{"STUDENT":"tc-s1"},"internal":3,"external":3}',
    '{"reducer":"counted.count","key":{"STUDENT":"tc-s2"},"internal":3,"external":3}',
    '{"reducer":"counted.last","key":{"STUDENT":"tc-s0"},"internal":{"last":6},"external":{"last":6}}',
    '{"reducer":"counted.last","key":{"STUDENT":"tc-s1"},"internal":{"last":7},"external":{"last":7}}',
    '{"reducer":"counted.last","key":{"STUDENT":"tc-s2"},"internal":{"last":8},"external":{"last":8}}',
    '',
  ]);
  expect(existsSync(`${out}.work`)).toBe(false);
});

test('says how many states and dead letters there are, and nothing of a learner', async () => {
  const { module, out } = files();
  expect(await lectern(await archived(), '--module', module, '--out', out)).toBe(0);
  expect(told).toEqual([
    `counted.last: 1 dead letter, one of them at lectern.events.${SOURCE}/0@4`,
    `6 states of counted.v3 are in ${out}`,
  ]);
});

test('takes one reducer, days and times, students and a rate', async () => {
  const { module, out } = files();
  const words = ['--module', module, '--out', out, '--reducer', 'count'];
  const some = ['--student', 'tc-s1', '--student', 'tc-s2', '--rate', '1000/s'];
  const times = ['--from', '2026-09-02', '--to', '2026-09-03T11:00Z'];
  expect(await lectern(await archived(), ...words, ...some, ...times)).toBe(0);
  expect(readFileSync(out, 'utf8').split('\n')).toEqual([
    '{"reducer":"counted.count","key":{"STUDENT":"tc-s1"},"internal":1,"external":1}',
    '{"reducer":"counted.count","key":{"STUDENT":"tc-s2"},"internal":1,"external":1}',
    '',
  ]);
});

test('a day at the end is part of what is replayed', async () => {
  const { module, out } = files();
  const words = ['--module', module, '--out', out, '--reducer', 'counted.count', '--to', '2026-09-02'];
  expect(await lectern(await archived(), ...words)).toBe(0);
  expect(readFileSync(out, 'utf8')).toContain('"STUDENT":"tc-s2"},"internal":2');
});

test.each([
  [['--out', 'states.csv'], 'must be a file that ends in .jsonl'],
  [['--from', 'yesterday'], 'must be a day as 2026-09-30 (UTC), or a time as 2026-09-30T08:00Z'],
  [['--to', '2026-09-31'], 'must be a day as 2026-09-30'],
  [['--rate', '0'], 'must be a number of events in a second, as 500/s'],
  [['--reducer', 'other'], '--reducer: counted has no reducer other; it has count, last'],
  [['--source', 'other'], '--source: other: counted reduces no such source; it has essay'],
  [['--module', './nowhere'], './nowhere does not exist'],
  [['--module', 'nothing'], '--module: there is no module nothing; installed are blobs, student_events'],
])('refuses %j, and says what it should be', async (words, said) => {
  const { module, out } = files();
  const code = await lectern(await archived(), '--module', module, '--out', out, ...words);
  expect(code).toBeGreaterThan(0);
  expect(told.join('\n')).toContain(said);
  expect(existsSync(out)).toBe(false);
});

test('ends with 1 when the archive has a gap, and with 78 when nothing of the module is in it', async () => {
  const { module, out } = files();
  const made = makeArchive();
  expect(await lectern(made, '--module', module, '--out', out)).toBe(78);
  await putObjects(made, { source: SOURCE, sizes: [3], first: 5 });
  expect(await lectern(made, '--module', module, '--out', out)).toBe(1);
  expect(told.at(-1)).toContain(`offsets 0 to 4 of lectern.events.${SOURCE}/0`);
});
