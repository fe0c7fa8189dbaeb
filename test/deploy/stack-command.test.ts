import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Child } from '../../deploy/local/child.ts';
import { isAlive } from '../support/alive.ts';
import { startProgram } from '../support/process.ts';
import { describeOnStack } from '../support/stack.ts';
import { testRun } from '../support/test-run.ts';
import { waitFor } from '../support/wait.ts';

// A stack of its own: the commands find it through this directory.
const stateDir = testRun.makeDir('stack-command');
const logPath = join(stateDir, 'lectern/stack.log');
const { XDG_CACHE_HOME = '', JAVA_HOME = '', TMPDIR = '/tmp' } = process.env;
const env = { XDG_RUNTIME_DIR: stateDir, XDG_CACHE_HOME, JAVA_HOME, TMPDIR };

async function stackCommand(...args: string[]): Promise<Child> {
  const child = await startProgram('deploy/local/stack-command.ts', {
    nodeArgs: ['--import', 'tsx'],
    args,
    env,
  });
  await child.ended;
  return child;
}

interface Started {
  readonly command: Child;
  readonly supervisorPid: number;
  readonly serverPids: () => readonly number[];
  readonly expectNothingLeft: () => Promise<void>;
}

async function startStack(): Promise<Started> {
  rmSync(logPath, { force: true });
  const starting = stackCommand();
  const owner = () => readFileSync(logPath, 'utf8').match(/process (\d+) owns the stack in (.+)/);
  const [, pid, dir = ''] = await waitFor(owner, { timeoutMs: 60_000, message: 'the supervisor starts' });
  // It leaves the process tree on purpose, so the test has to own it.
  testRun.own(Number(pid));
  const command = await starting;
  const serverPids = () => readdirSync(join(dir, 'pids')).map(Number);
  const pids = serverPids();
  return {
    command,
    supervisorPid: Number(pid),
    serverPids,
    async expectNothingLeft() {
      expect(pids).toHaveLength(3);
      await waitFor(() => pids.every((server) => !isAlive(server)), { message: 'Kafka, Redis and S3 end' });
      await waitFor(() => !existsSync(dir), { message: 'the data is removed' });
    },
  };
}

const exportsOf = (child: Child) => child.lines().filter((line) => line.startsWith('export '));

describeOnStack('npm run stack', () => {
  test('prints the variables, says when it runs already, and leaves nothing when it is killed with -9', async () => {
    const stack = await startStack();
    expect(exportsOf(stack.command).map((line) => line.replace(/=.*/, ''))).toEqual([
      'export LECTERN_KAFKA_BROKERS',
      'export LECTERN_REDIS_URL',
      'export LECTERN_S3_ENDPOINT',
      'export LECTERN_S3_BUCKET',
      'export LECTERN_S3_ACCESS_KEY_ID',
      'export LECTERN_S3_SECRET_ACCESS_KEY',
    ]);
    const pids = stack.serverPids();
    const second = await stackCommand();
    expect(second.lines()).toContain('# the stack runs already');
    expect(exportsOf(second)).toEqual(exportsOf(stack.command));
    expect(stack.serverPids()).toEqual(pids);

    process.kill(stack.supervisorPid, 'SIGKILL');
    await stack.expectNothingLeft();
    expect((await stackCommand('stop')).lines()).toContain('# no stack runs');
  }, 120_000);

  test('starts where one was killed, and stops without a trace', async () => {
    const stack = await startStack();
    expect(exportsOf(stack.command)).toHaveLength(6);
    expect((await stackCommand('stop')).lines()).toContain('# the stack is stopped');
    await stack.expectNothingLeft();
  }, 120_000);
});
