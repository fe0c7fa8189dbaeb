import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Child, startChild } from '../../deploy/local/child.ts';
import { freePort } from '../../deploy/local/ports.ts';
import { isAlive } from '../support/alive.ts';
import { descendantsOf } from '../support/descendants.ts';
import { ROOT } from '../support/process.ts';
import { testRun } from '../support/test-run.ts';
import { waitFor } from '../support/wait.ts';

const counter = '/v1/state/student_events.student_event_counter?STUDENT=';

describe('npm start', () => {
  const { PATH = '', HOME = '' } = process.env;
  const dataDir = mkdtempSync(join(tmpdir(), 'standalone-'));
  let url: string;
  let npm: Child;
  let env: NodeJS.ProcessEnv;

  const product = (): number | undefined =>
    descendantsOf(npm.pid).find(({ command }) => command.includes('standalone/main.js'))?.pid;
  const start = async (...args: readonly string[]): Promise<void> => {
    npm = await startChild({
      run: testRun,
      name: 'npm start',
      command: 'npm',
      args: ['start', '--', ...args],
      env,
      cwd: ROOT,
    });
    await npm.waitForLine(/Lectern is ready: (\S+)/, 60_000);
  };
  /** A terminal sends the signal to every process of the group. */
  const interrupt = async (): Promise<number> => {
    const ours = descendantsOf(npm.pid).map(({ pid }) => pid);
    for (const pid of [npm.pid, ...ours]) process.kill(pid, 'SIGINT');
    await npm.ended;
    await waitFor(() => !ours.some(isAlive), { message: 'no process is left' });
    return ours.length;
  };
  const count = async (student: string): Promise<number> => {
    const answer = await fetch(`${url}${counter}${student}`);
    return ((await answer.json()) as { state: { count: number } }).state.count;
  };
  const sendAs = async (user: string, events: number): Promise<void> => {
    const lock = { event: 'lock_fields', fields: { source: 'org.mitros.writing_analytics', user_id: user } };
    const frames = [lock, ...Array.from({ length: events }, () => ({ event: 'keystroke' }))];
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers,
      body: JSON.stringify(frames),
    });
    const { results } = (await response.json()) as { results: { status: string }[] };
    expect(results.every(({ status }) => status === 'accepted')).toBe(true);
  };

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    env = { PATH, HOME, LECTERN_PORT: String(port), LECTERN_DATA_DIR: dataDir };
    await start();
  }, 90_000);
  afterAll(async () => {
    for (const { pid } of descendantsOf(npm.pid)) process.kill(pid, 'SIGKILL');
    await npm.stop('SIGKILL');
  });

  test('serves everything on one port', async () => {
    for (const path of ['/', '/v1/modules', '/openapi.json', '/healthz', '/readyz', '/metrics'])
      expect((await fetch(url + path)).status).toBe(200);
    await sendAs('alice', 7);
    await waitFor(async () => (await count('tc-testcase-alice')) === 7, {
      message: 'seven events are counted',
    });
  });

  test('starts the product again when it is killed, and nothing acknowledged is lost or counted twice', async () => {
    const killed = product()!;
    await sendAs('bob', 50);
    process.kill(killed, 'SIGKILL');
    await waitFor(() => product() !== undefined && product() !== killed, { message: 'another process runs' });
    await waitFor(
      () =>
        fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { message: 'it is ready', timeoutMs: 30_000 },
    );
    await sendAs('bob', 1);
    await waitFor(async () => (await count('tc-testcase-bob')) === 51, {
      message: 'every event is counted once',
    });
    expect(await count('tc-testcase-alice')).toBe(7);
  });

  test('refuses a second product on the same data, naming the remedy', async () => {
    const second = await startChild({
      run: testRun,
      name: 'a second npm start',
      command: 'npm',
      args: ['start'],
      env: { ...env, LECTERN_PORT: String(await freePort()) },
      cwd: ROOT,
    });
    await second.waitForLine(/LECTERN_DATA_DIR|data directory/, 60_000);
    expect((await second.ended).code).toBe(78);
  });

  test('stops cleanly on Ctrl-C, and goes on with all its data', async () => {
    expect(await interrupt()).toBeGreaterThanOrEqual(2);
    await start();
    expect(await count('tc-testcase-alice')).toBe(7);
    expect(await count('tc-testcase-bob')).toBe(51);
  });

  test('with a paused module takes events, is ready, and says what stands still', async () => {
    await interrupt();
    const args = ['run', 'lectern', '--', 'modules', 'pause', 'student_events'];
    const pausing = await startChild({ run: testRun, name: 'pause', command: 'npm', args, env, cwd: ROOT });
    expect((await pausing.ended).code).toBe(0);
    await start();
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      ready: true,
      status: 'degraded',
      reasons: expect.arrayContaining([expect.stringContaining('lectern modules resume student_events')]),
    });
    await sendAs('alice', 1);
    expect(await count('tc-testcase-alice')).toBe(7);
  });
});
