import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type EmbeddedEnv, openEmbedded } from '../../services/shared/embedded.ts';

let folder: string;
const open: EmbeddedEnv[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lectern-env-'));
});
afterEach(async () => {
  for (const env of open.splice(0)) await env.close();
  rmSync(folder, { recursive: true });
});
const openAt = async (dataDir: string, lockWaitMs = 0): Promise<EmbeddedEnv> => {
  const env = await openEmbedded({ dataDir, lockWaitMs });
  open.push(env);
  return env;
};
const key = (text: string) => Buffer.from(text);

test('a data directory that is in use is refused by its name, with the remedy, by whatever path', async () => {
  const dataDir = join(folder, 'deep', 'data');
  await openAt(dataDir);
  const link = join(folder, 'link');
  symlinkSync(dataDir, link);
  for (const path of [dataDir, link]) {
    const refusal = (await openAt(path, 150).catch((error: unknown) => error)) as Error;
    expect(refusal).toMatchObject({ code: 'DATA_DIR_IN_USE' });
    expect(refusal.message).toContain(dataDir);
    expect(refusal.message).toContain('LECTERN_DATA_DIR');
  }
  await openAt(join(folder, 'other'));
});

test('a successor waits for the one that is ending, and finds what it wrote', async () => {
  const first = await openAt(folder);
  const succession = openAt(folder, 5_000);
  await first.transaction(() => void first.table<string>('t', 'msgpack').put(key('k'), 'written'));
  await first.close();
  expect((await succession).table<string>('t', 'msgpack').get(key('k'))).toBe('written');
});

test('a transaction that throws takes back only its own writes', async () => {
  const env = await openAt(folder);
  const table = env.table<number>('t', 'msgpack');
  const add = (name: string, fails: boolean) =>
    env.transaction(() => {
      void table.put(key(name), 1);
      if (fails) throw new Error('no');
      return name;
    });
  const results = await Promise.allSettled([add('a', false), add('b', true), add('c', false)]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(['a', 'b', 'c'].map((name) => table.get(key(name)))).toEqual([1, undefined, 1]);
});

test('a fault of the environment is told with its directory, a bug is not taken for one', async () => {
  const env = await openAt(folder);
  expect(await env.faultOf(new TypeError('bug'))).toBeNull();
  const commitError = Promise.reject(new Error('Input/output error'));
  const fault = await env.faultOf(Object.assign(new Error('Commit failed'), { commitError }));
  expect(fault).toMatchObject({ full: false });
  expect(fault!.message).toContain(folder);
  expect(fault!.message).toContain('Input/output error');
});
