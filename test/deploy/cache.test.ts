import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { cacheDir, cached } from '../../deploy/local/cache.ts';
import { testRun } from '../support/test-run.ts';

beforeEach(() => {
  process.env.XDG_CACHE_HOME = mkdtempSync(join(testRun.dir, 'cache-'));
});

const fillWith = (text: string) => async (dir: string) => writeFileSync(join(dir, 'file'), text);

test('what is cached is not made again', async () => {
  const first = await cached('thing-1', fillWith('first'));
  expect(await cached('thing-1', fillWith('second'))).toBe(first);
  expect(readFileSync(join(first, 'file'), 'utf8')).toBe('first');
});

test('a download that failed half-way does not count and leaves nothing', async () => {
  const fail = cached('thing-1', async (dir) => {
    writeFileSync(join(dir, 'file'), 'half');
    throw new Error('the network went away');
  });
  await expect(fail).rejects.toThrow('the network went away');
  expect(readdirSync(cacheDir())).toEqual([]);
  const dir = await cached('thing-1', fillWith('whole'));
  expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('whole');
});

test('two that download at once end up with one whole folder', async () => {
  const dirs = await Promise.all([cached('thing-1', fillWith('a')), cached('thing-1', fillWith('b'))]);
  expect(dirs[0]).toBe(dirs[1]);
  expect(readdirSync(cacheDir())).toEqual(['thing-1']);
});

test('what a killed download left is removed an hour later, and not before', async () => {
  const [old, young] = ['.partial-old', '.partial-young'].map((name) => join(cacheDir(), name));
  for (const dir of [old, young]) mkdirSync(String(dir), { recursive: true });
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  utimesSync(String(old), longAgo, longAgo);
  await cached('thing-1', fillWith('whole'));
  expect([old, young].map((dir) => existsSync(String(dir)))).toEqual([false, true]);
});
