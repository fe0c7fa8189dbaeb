import { EventEmitter, once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Health, watchHealth } from '../../services/shared/health.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { waitFor } from '../support/wait.ts';

const times = { intervalMs: 5, upIntervalMs: 10, timeoutMs: 50 };
let health: Health;
afterEach(() => health.stop());

function watch(check: () => Promise<void>): { lines: string[] } {
  const lines: string[] = [];
  const logger = createLogger({
    service: 't',
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  health = watchHealth([{ name: 'store', check }], logger, times);
  return { lines };
}

describe('the health of a dependency', () => {
  test('is bad until it has answered, and work waits for that', async () => {
    const asked = new EventEmitter();
    let answered = false;
    watch(async () => {
      if (!answered) await once(asked, 'answer');
    });
    let up = false;
    expect(health.notReady()).toEqual(['store has not answered yet']);
    const waiting = health.waitUntilUp(new AbortController().signal).then(() => {
      up = true;
    });
    expect(up).toBe(false);
    answered = true;
    asked.emit('answer');
    await waiting;
    expect(health.notReady()).toEqual([]);
  });

  test('follows it away and back, with one line each', async () => {
    let away = false;
    const { lines } = watch(async () => {
      if (away) throw new Error('nobody there; start it');
    });
    await waitFor(() => health.notReady().length === 0);
    away = true;
    await waitFor(() => health.notReady().length === 1);
    expect(health.notReady()).toEqual(['store: nobody there; start it']);
    away = false;
    await waitFor(() => health.notReady().length === 0);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'a dependency is up',
      'waiting for a dependency',
      'a dependency is up',
    ]);
  });

  test('is bad when no answer comes', async () => {
    watch(() => new Promise(() => undefined));
    await waitFor(() => health.notReady()[0] === 'store: no answer in 50 ms');
  });

  test('lets nobody wait who is stopping', async () => {
    watch(() => Promise.reject(new Error('away')));
    await health.waitUntilUp(AbortSignal.abort());
    expect(health.notReady()).toHaveLength(1);
  });
});
