import { expect, test } from '@jest/globals';
import { startChild } from '../../deploy/local/child.ts';
import { startService } from '../../deploy/local/service.ts';
import { isAlive } from '../support/alive.ts';
import { testRun } from '../support/test-run.ts';
import { waitFor } from '../support/wait.ts';

async function startSleeper() {
  const lost: string[] = [];
  const service = await startService({
    name: 'sleeper',
    lost: (detail) => lost.push(detail),
    launch: () => startChild({ run: testRun, name: 'sleeper', command: 'sleep', args: ['60'] }),
  });
  return { service, lost };
}

test('a service that is stopped or killed on request can be started again, and is not lost', async () => {
  const { service, lost } = await startSleeper();
  const pids = [service.pid];
  for (const end of [service.stop, service.kill]) {
    await end();
    expect(isAlive(service.pid)).toBe(false);
    await service.start();
    expect(isAlive(service.pid)).toBe(true);
    pids.push(service.pid);
  }
  await service.start();
  expect(service.pid).toBe(pids.at(-1));
  expect(new Set(pids).size).toBe(3);
  await service.kill();
  expect(lost).toEqual([]);
});

test('a service that ends by itself is reported', async () => {
  const { service, lost } = await startSleeper();
  process.kill(service.pid, 'SIGKILL');
  await waitFor(() => lost.length > 0);
  expect(lost).toEqual([expect.stringContaining('sleeper ended by itself (SIGKILL)')]);
});
