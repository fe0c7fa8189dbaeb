import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { LecternError } from '../../services/shared/errors.ts';
import { makeArchive, putObjects } from '../support/made-archive.ts';
import { counting, TEST_SOURCE, testModule } from '../support/module.ts';
import { replay, replayFolder } from './replayed.ts';

const module = testModule(counting);
const SIZES = [2_000, 2_000, 2_000, 2_000];
const TOTAL = 8_000;

async function archived(): Promise<string> {
  const made = makeArchive();
  await putObjects(made, { source: TEST_SOURCE, sizes: SIZES });
  await putObjects(made, { source: TEST_SOURCE, partition: 1, sizes: [50] });
  return made.dir;
}

/** An archive that is cut off after so many objects were read. */
function cutOff(dir: string, objects: number) {
  const archive = createDirectoryArchive({ root: dir });
  let read = 0;
  return {
    ...archive,
    async get(name: string) {
      read += 1;
      if (read > objects) throw new LecternError('ARCHIVE_UNAVAILABLE', 'the disk was pulled out');
      return archive.get(name);
    },
  };
}

test('a replay that ended in the middle goes on from there, and ends as one that did not', async () => {
  const dir = await archived();
  const folder = replayFolder();
  const given = { dir, module, work: join(folder, 'work'), out: join(folder, 'states.jsonl') };
  await expect(replay({ ...given, archive: cutOff(dir, 3) })).rejects.toThrow('the disk was pulled out');
  expect(existsSync(given.out)).toBe(false);
  // Added later: it is no part of what this replay began with.
  await putObjects(
    { dir, archive: createDirectoryArchive({ root: dir }) },
    { source: TEST_SOURCE, partition: 1, sizes: [9], first: 50 },
  );
  let objects = 0;
  const archive = createDirectoryArchive({ root: dir });
  const again = await replay({
    ...given,
    archive: {
      ...archive,
      get: (name) => {
        objects += 1;
        return archive.get(name);
      },
    },
  });
  expect(again.resumed).toBe(true);
  expect(again.planned).toBe(TOTAL + 50);
  expect(again.read).toBe(again.planned);
  const whole = await replay({ dir: await archived(), module });
  expect(again.lines).toEqual(whole.lines);
  // What is read again is what tells duplicates.
  expect(objects).toBeLessThanOrEqual(SIZES.length + 2);
  expect(existsSync(given.work)).toBe(false);
});

test('one that is interrupted stores what it has, and says so', async () => {
  const dir = await archived();
  const folder = replayFolder();
  const given = { dir, module, work: join(folder, 'work'), out: join(folder, 'states.jsonl') };
  const interrupted = new AbortController();
  const first = await replay({
    ...given,
    perSecond: 1_000,
    signal: interrupted.signal,
    onRead: () => interrupted.abort(),
  });
  expect(first.outcome).toEqual({ kind: 'interrupted' });
  expect(existsSync(given.out)).toBe(false);
  const again = await replay(given);
  expect(again).toMatchObject({ resumed: true, outcome: { kind: 'done' } });
  expect(again.lines).toEqual((await replay({ dir, module })).lines);
});

test('a folder of another replay is refused, and what differs is named', async () => {
  const dir = await archived();
  const folder = replayFolder();
  const given = { dir, module, work: join(folder, 'work'), out: join(folder, 'states.jsonl') };
  await expect(replay({ ...given, archive: cutOff(dir, 1) })).rejects.toThrow('the disk was pulled out');
  const refusals = [
    [{ filters: { students: ['tc-s1'] } }, /student was everything, and is tc-s1/],
    [{ filters: { since: 0 } }, /from was everything, and is 1970-01-01T00:00:00.000Z/],
    [{ module: testModule(counting, { hash: 'other' }) }, /what it reduces was h, and is other/],
    [{ archiveName: '/another' }, /archive was .*, and is \/another/],
  ] as const;
  for (const [change, message] of refusals) {
    const refused = await replay({ ...given, ...change }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'CONFIG_INVALID' });
    expect((refused as Error).message).toMatch(message);
  }
  expect((await replay(given)).outcome).toMatchObject({ kind: 'done' });
});

test('a folder is for one replay at a time', async () => {
  const dir = await archived();
  const folder = replayFolder();
  const given = { dir, module, work: join(folder, 'work') };
  const interrupted = new AbortController();
  let slow: Promise<unknown> = Promise.resolve();
  const begun = new Promise<void>((resolve) => {
    slow = replay({ ...given, perSecond: 100, signal: interrupted.signal, onPlan: () => resolve() });
  });
  await begun;
  const refused = await replay(given).catch((error: unknown) => error);
  interrupted.abort();
  expect(refused).toMatchObject({ code: 'DATA_DIR_IN_USE' });
  await slow;
}, 20_000);
