import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { endWatchedPrograms, WATCHDOG_MS as MS, startWatched as start } from '../support/watched-program.ts';

afterEach(endWatchedPrograms);

describe('the watchdog', () => {
  test('ends a process whose reducer never returns, and names what it was reducing, in one line', async () => {
    const { ended } = start(`
      watchdog.reducing(a, 0, 1);
      watchdog.reducing(b, 0, 7);
      watchdog.reducing({ ...a }, 0, 8_589_934_592);
      watchdog.reducing({ ...a }, 1, 8_589_934_592);
      for (;;);
    `);
    const { signal, errors } = await ended;
    expect(signal).toBe('SIGKILL');
    expect(errors).toMatch(
      /^lectern worker: the event loop stood still for 1000 ms, the process ends; the event in hand: module a\.v1, reducer a\.two, topic lectern\.events\.docs, partition 5, offset 8589934592\n$/,
    );
  });

  test('ends one that comes to nothing but its own promises', async () => {
    const { ended } = start(`
      watchdog.reducing(b, 0, 3);
      for (;;) await null;
    `);
    const { signal, errors } = await ended;
    expect(signal).toBe('SIGKILL');
    expect(errors).toMatch(/the event in hand: module b\.v3, reducer b\.three, .*offset 3\n$/);
  });

  test('does not say that a reducer did it when none was called since the event loop last turned', async () => {
    const { ended } = start(`
      watchdog.reducing(a, 0, 9);
      await sleep(${MS});
      for (;;);
    `);
    expect((await ended).errors).toMatch(
      /no reducer was called since it last turned, the one before that for: module a/,
    );
  });

  test('tells when nothing was reduced yet', async () => {
    const { ended } = start('for (;;);');
    expect((await ended).errors).toMatch(/ends; no reducer was called yet\n$/);
  });

  test('lets long work be that gives others their turns', async () => {
    const { ended } = start(`
      for (let n = 0; n < 12; n++) {
        watchdog.reducing(a, 0, n);
        spin(${MS * 0.3});
        await turn();
      }
    `);
    expect(await ended).toEqual({ code: 0, signal: null, errors: '' });
  });

  test('lets a process be that was stopped as a whole, again and again, and still watches it', async () => {
    const { child, ended } = start(`
      const used = () => process.cpuUsage().user + process.cpuUsage().system;
      const work = (ms) => { for (const end = used() + ms * 1_000; used() < end;); };
      process.stdout.write('ready ');
      // Stopped in the midst of work, the process has no turn at once when it goes on.
      for (const end = Date.now() + ${MS * 8}; Date.now() < end; await turn()) work(${MS * 0.05});
      process.stdout.write('still here ');
      watchdog.reducing(a, 0, 1);
      for (;;);
    `);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    await once(child.stdout, 'data');
    // Times are what is tested here: each stop is longer than the watchdog waits.
    for (let time = 0; time < 3; time++) {
      child.kill('SIGSTOP');
      await sleep(MS * 2);
      child.kill('SIGCONT');
      await sleep(MS * 0.1);
    }
    expect((await ended).errors).toMatch(/offset 1\n$/);
    expect(output).toBe('ready still here ');
  });

  test('keeps no process from its end', async () => {
    const { ended } = start('watchdog.reducing(a, 0, 1);');
    expect(await ended).toEqual({ code: 0, signal: null, errors: '' });
  });

  test('watches nothing any more once it is stopped', async () => {
    const { ended } = start(`
      await watchdog.stop();
      spin(${MS * 2});
    `);
    expect(await ended).toEqual({ code: 0, signal: null, errors: '' });
  });
});
