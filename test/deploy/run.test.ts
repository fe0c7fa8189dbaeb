import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { startChild } from '../../deploy/local/child.ts';
import { createRun } from '../../deploy/local/run.ts';
import { isAlive } from '../support/alive.ts';
import { startProgram } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

async function startOwner(lifeMs: number) {
  const owner = await startProgram('test/deploy/redis-owner.ts', {
    nodeArgs: ['--import', 'tsx'],
    args: [String(lifeMs)],
  });
  const [, pid = '', dir = ''] = await owner.waitForLine(/^owns (\d+) in (.+)$/);
  return { owner, redisPid: Number(pid), dir };
}

async function expectNothingLeft(pid: number, dir: string): Promise<void> {
  await waitFor(() => !isAlive(pid), { message: 'Redis ends with its owner' });
  await waitFor(() => !existsSync(dir), { message: 'the data goes with its owner' });
}

test('an owner killed with -9 leaves no process and no data', async () => {
  const { owner, redisPid, dir } = await startOwner(60_000);
  expect(isAlive(redisPid)).toBe(true);
  process.kill(owner.pid, 'SIGKILL');
  await expectNothingLeft(redisPid, dir);
});

test('an owner that exits without stopping anything leaves no process and no data', async () => {
  const { owner, redisPid, dir } = await startOwner(300);
  expect(await owner.ended).toEqual({ code: 0, signal: null });
  await expectNothingLeft(redisPid, dir);
});

test('closing a run kills what it owns, and only that', async () => {
  const run = createRun();
  const start = () => startChild({ run, name: 'sleep', command: 'sleep', args: ['60'] });
  const [left, stopped] = [await start(), await start()];
  expect(await stopped.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  expect(left.running()).toBe(true);
  await run.close();
  expect(await left.ended).toEqual({ code: null, signal: 'SIGKILL' });
  expect(existsSync(run.dir)).toBe(false);
});
