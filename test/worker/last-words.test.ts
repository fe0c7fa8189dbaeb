import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '../../services/shared/logger.ts';
import type { StateStore } from '../../services/shared/state/port.ts';
import { createRedisState } from '../../services/shared/state/redis.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { uniqueName } from '../support/unique-name.ts';
import { endWatchedPrograms, startWatched, UNITS, WATCHDOG_MS } from '../support/watched-program.ts';

const FACTS = { formatVersion: 1, partitions: 8, reducersHash: 'h' };
const { a } = UNITS;

describeOnStack('a watchdog that ends a process', () => {
  let store: StateStore;
  let namespace: string;
  const claim = (token: string) => store.claim(a, token, FACTS, 0);

  beforeEach(() => {
    namespace = uniqueName('words');
    const logger = createLogger({ service: 'test', level: 'silent' });
    store = createRedisState({ url: stack().redisUrl, namespace, logger });
  });
  afterEach(async () => {
    await store.close();
    await endWatchedPrograms();
  });

  const ended = (program: string, redisUrl = stack().redisUrl) =>
    startWatched(program, { redisUrl, namespace }).ended;

  test('notes the event in hand under the claim that it was reduced for', async () => {
    await claim('old/1');
    await claim('process/1');
    const { signal } = await ended(`
      watchdog.claimed(a, 'old/1');
      watchdog.claimed(a, 'process/1');
      watchdog.claimed(b, 'other/1');
      watchdog.reducing({ ...a }, 1, 7);
      for (;;);
    `);
    expect(signal).toBe('SIGKILL');
    expect((await claim('next/1')).attempt).toEqual({ reducer: 'a.two', offset: 7, times: 1 });
  });

  test('notes nothing for a unit that another has claimed since', async () => {
    await claim('process/1');
    await claim('other/1');
    await ended(`watchdog.claimed(a, 'process/1'); watchdog.reducing(a, 0, 7); for (;;);`);
    expect((await claim('next/1')).attempt).toBeNull();
  });

  test('notes nothing when no reducer was called since the event loop turned', async () => {
    await claim('process/1');
    await ended(`
      watchdog.claimed(a, 'process/1');
      watchdog.reducing(a, 0, 7);
      await sleep(${WATCHDOG_MS / 2});
      for (;;);
    `);
    expect((await claim('next/1')).attempt).toBeNull();
  });

  test('ends it all the same when the store does not answer', async () => {
    const { signal, errors } = await ended(
      `watchdog.claimed(a, 'process/1'); watchdog.reducing(a, 0, 7); for (;;);`,
      'redis://127.0.0.1:1',
    );
    expect(signal).toBe('SIGKILL');
    expect(errors).toMatch(/the event in hand: .* offset 7\n$/);
  });
});
