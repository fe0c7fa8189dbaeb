import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { createRestoreCommand } from '../../services/cli/restore.ts';
import { unfinishedRestore } from '../../services/shared/embedded-restoring.ts';
import { eventsTopic } from '../../services/shared/topics.ts';
import { makeArchive, putObjects } from '../support/made-archive.ts';
import { inLog } from './move-house.ts';

const SOURCE = 'caliper';
let printed: string[] = [];
beforeEach(() => {
  printed = [];
  jest.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)));
  jest.spyOn(console, 'error').mockImplementation((line: unknown) => void printed.push(String(line)));
});
afterEach(() => {
  jest.restoreAllMocks();
});

const newDataDir = (): string => join(mkdtempSync(join(tmpdir(), 'restore-')), 'data');

/** The exit code; what it printed is in `printed`. */
async function restoreFrom(from: string, dataDir: string, env: Record<string, string> = {}): Promise<number> {
  const program = new Command().addCommand(
    createRestoreCommand({ LECTERN_DATA_DIR: dataDir, LECTERN_PARTITIONS: '1', ...env }),
  );
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeErr: (text) => void printed.push(text.trimEnd()) });
  try {
    await program.parseAsync(['restore', '--from', from, '--json'], { from: 'user' });
  } catch (error) {
    return (error as { exitCode: number }).exitCode;
  }
  return 0;
}

async function archived(): Promise<string> {
  const made = makeArchive();
  await putObjects(made, { source: SOURCE, sizes: [3, 4] });
  return made.dir;
}

test('a folder with an archive makes a data directory that has it, and a log that goes on after it', async () => {
  const dataDir = newDataDir();
  expect(await restoreFrom(await archived(), dataDir)).toBe(0);
  const topic = eventsTopic('lectern', SOURCE);
  expect(JSON.parse(printed[0]!)).toContainEqual({ topic, partition: 0, next: 7 });
  expect(existsSync(join(dataDir, 'archive', 'events', `source=${SOURCE}`))).toBe(true);
  expect(unfinishedRestore(dataDir)).toBeNull();
  await inLog(dataDir, async (log) =>
    expect(await log.offsets(topic)).toEqual([{ partition: 0, start: 7, end: 7 }]),
  );
});

test('an archive that the data directory still has is enough', async () => {
  const dataDir = newDataDir();
  await restoreFrom(await archived(), dataDir);
  const again = `${dataDir}-again`;
  expect(await restoreFrom(join(dataDir, 'archive'), again)).toBe(0);
  expect(await restoreFrom(dataDir, again)).toBe(78);
  expect(printed.at(-1)).toMatch(/has a log: restore into a new data directory/);
});

test('what would mix two installations, or is no archive, is refused with the remedy', async () => {
  const [dir, dataDir] = [await archived(), newDataDir()];
  expect(await restoreFrom(tmpdir(), dataDir)).toBe(78);
  expect(printed.at(-1)).toMatch(/there is no archive in .*name the folder that has events\//);
  expect(await restoreFrom(dir, dataDir, { LECTERN_S3_ENDPOINT: 'http://localhost:1' })).toBe(78);
  expect(printed.at(-1)).toMatch(/LECTERN_S3_ENDPOINT is set/);
  expect(existsSync(dataDir)).toBe(false);
});

test('a restore that was interrupted keeps the product from running, and goes on when it is given again', async () => {
  const [dir, dataDir] = [await archived(), newDataDir()];
  expect(await restoreFrom(dir, dataDir)).toBe(0);
  writeFileSync(join(dataDir, 'restoring'), '');
  expect(unfinishedRestore(dataDir)).toMatch(/was not restored to the end: give `lectern restore` again/);
  expect(await restoreFrom(dir, dataDir)).toBe(0);
  expect(unfinishedRestore(dataDir)).toBeNull();
});
