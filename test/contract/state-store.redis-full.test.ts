import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type LocalRedis, startRedis } from '../../deploy/local/redis.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { StateStore, Unit } from '../../services/shared/state/port.ts';
import { createRedisState } from '../../services/shared/state/redis.ts';
import { collect } from '../support/collect.ts';
import { describeOnStack } from '../support/stack.ts';
import { testRun } from '../support/test-run.ts';
import { checkpoint, FACTS } from './state-store-checkpoints.ts';

// A server of its own, because the limit of the memory holds for a whole server.
describeOnStack('a Redis whose memory is full', () => {
  const unit: Unit = { module: 'm.v1', topic: 'events.t', partition: 0 };
  const letter = { reducer: 'm.r', version: 1, topic: 'events.t', partition: 0, offset: 0, reason: 'r' };
  let local: LocalRedis;
  let redis: Redis;
  let store: StateStore;
  beforeAll(async () => {
    local = await startRedis({ run: testRun, log: () => undefined, lost: () => undefined });
    redis = new Redis(local.redisUrl);
    const logger = createLogger({ service: 'contract', level: 'silent' });
    store = createRedisState({ url: local.redisUrl, namespace: 't', logger });
  });
  afterAll(async () => {
    await store.close();
    await redis.quit();
    await local.service.stop();
  });

  test('refuses every write as a whole, answers what is read, and goes on when there is room', async () => {
    const states = { kept: 'v', other: 'w' };
    await store.claim(unit, 'me', FACTS, 9);
    const first = checkpoint({ token: 'me', expected: null, next: 1, deadLetters: [letter] }, states);
    await store.checkpoint(unit, first);
    await store.mark(unit, 'me', letter);
    const stored = () =>
      Promise.all([
        redis.hgetall('t:{m.v1:events.t:0}:meta'),
        collect(store.entries(unit)),
        collect(store.deadLetters(unit)),
      ]);
    const before = await stored();

    await redis.config('SET', 'maxmemory', '1');
    // What removes needs no memory, so Redis would do it if it came before what does.
    const step = { token: 'me', expected: 1, next: 2, closed: [letter] };
    const refused = [
      store.checkpoint(unit, checkpoint(step, { kept: null, other: 'x', more: 'y' })),
      store.checkpoint(unit, checkpoint({ ...step, next: 1 }, { kept: null })),
      store.claim(unit, 'other', FACTS, 9),
      store.mark(unit, 'me', { offset: 1, reducer: 'm.r' }),
      store.relayed(unit, [{ ...letter, copy: { partition: 0, offset: 0 } }]),
    ];
    for (const reply of await Promise.allSettled(refused))
      expect(reply).toMatchObject({ status: 'rejected', reason: { code: 'STATE_FULL', retriable: true } });
    expect(await stored()).toEqual(before);

    await redis.config('SET', 'maxmemory', '0');
    expect(await store.checkpoint(unit, checkpoint(step, { kept: null }))).toEqual({ status: 'done' });
    expect(await collect(store.deadLetters(unit))).toEqual([]);
  });
});
