import { describe, expect, test } from '@jest/globals';
import { startChild } from '../../deploy/local/child.ts';
import { testRun } from '../support/test-run.ts';

const shell = (script: string) =>
  startChild({ run: testRun, name: 'the script', command: 'sh', args: ['-c', script] });

describe('a started process', () => {
  test('is waited for by a line of stdout or stderr, past or coming', async () => {
    const child = await shell('echo one; sleep 0.1; echo two 22 >&2; sleep 60');
    expect((await child.waitForLine(/^two (\d+)$/))[1]).toBe('22');
    expect((await child.waitForLine(/^one$/))[0]).toBe('one');
    await child.stop();
  });

  test('that ends before the line is reported with its exit code and its last words', async () => {
    const child = await shell('echo the reason; exit 3');
    await expect(child.waitForLine(/ready/)).rejects.toThrow(/the script ended \(3\).*\n {2}the reason/);
    expect(await child.ended).toEqual({ code: 3, signal: null });
  });

  test('that never prints the line is reported after the deadline', async () => {
    const child = await shell('echo busy; exec sleep 60');
    await expect(child.waitForLine(/ready/, 200)).rejects.toThrow(/in 200 ms; its last lines:\n {2}busy/);
    await child.stop('SIGKILL');
  });

  test('has all its output read when it has ended', async () => {
    const child = await shell('i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done');
    await child.ended;
    expect(child.lines()).toHaveLength(2000);
  });

  test('of a command that does not exist is an error at once', async () => {
    const start = startChild({ run: testRun, name: 'nothing', command: '/nonexistent/command', args: [] });
    await expect(start).rejects.toThrow('ENOENT');
  });
});
