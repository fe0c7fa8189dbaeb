import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createRateLimit, type RateDeps } from '../../services/gateway/rate.ts';
import { createTally } from '../../services/gateway/tally.ts';
import { connectRedis } from '../../services/shared/state/redis-client.ts';
import { createCleanUp, silent, until } from './support.ts';

const cleanUp = createCleanUp();
afterEach(() => cleanUp.run());

const HOUR_MS = 3_600_000;
const RATE = { events: 10, seconds: 3_600 };

function limit(deps: Partial<RateDeps> = {}) {
  const clockMs = () => performance.now();
  return createRateLimit({ rate: RATE, kind: 'identity', logger: silent, clockMs, maxNames: 1_000, ...deps });
}

/** Until what was counted in memory is known. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a rate', () => {
  test('lets so many events through, then none until its window is over, for each sender', async () => {
    const rate = limit();
    rate.count('alice', 9);
    await turn();
    expect(rate.waitMs('alice')).toBe(0);
    rate.count('alice', 1);
    await turn();
    expect(rate.waitMs('alice')).toBeGreaterThan(HOUR_MS - 10_000);
    expect(rate.waitMs('alice')).toBeLessThanOrEqual(HOUR_MS);
    expect(rate.waitMs('bob')).toBe(0);
  });

  test('takes back later what was let through too much', async () => {
    const rate = limit();
    for (let n = 0; n < 25; n++) rate.count('alice', 1);
    await turn();
    expect(rate.waitMs('alice')).toBeGreaterThan(2.5 * HOUR_MS - 10_000);
    expect(rate.waitMs('alice')).toBeLessThanOrEqual(2.5 * HOUR_MS);
    rate.count('alice', 100_000);
    await turn();
    expect(rate.waitMs('alice')).toBeGreaterThan(11 * HOUR_MS - 10_000);
    expect(rate.waitMs('alice')).toBeLessThanOrEqual(11 * HOUR_MS);
  });

  test('begins anew when its window is over', async () => {
    const rate = limit({ rate: { events: 2, seconds: 1 } });
    rate.count('alice', 2);
    await turn();
    await until(() => rate.waitMs('alice') === 0, 'the window is over');
    rate.count('alice', 1);
    await turn();
    expect(rate.waitMs('alice')).toBe(0);
  });

  test('tells so many senders apart; all further ones count as one, until there is room again', async () => {
    let later = 0;
    const rate = limit({ maxNames: 2, clockMs: () => performance.now() + later });
    for (const name of ['alice', 'bob']) rate.count(name, 1);
    for (let n = 0; n < 10; n++) rate.count(`other-${n}`, 1);
    await turn();
    expect(rate.waitMs('other-77')).toBeGreaterThan(0);
    expect([rate.waitMs('alice'), rate.waitMs('bob')]).toEqual([0, 0]);
    later = 3 * HOUR_MS;
    rate.count('carol', 10);
    rate.count('dora', 1);
    await turn();
    expect([rate.waitMs('carol') > 0, rate.waitMs('dora')]).toEqual([true, 0]);
  });

  test('forgets who stopped sending although the one that came first goes on', async () => {
    let later = 0;
    const rate = limit({ maxNames: 2, clockMs: () => performance.now() + later });
    for (const name of ['busy', 'gone']) rate.count(name, 1);
    await turn();
    later = HOUR_MS - 60_000;
    rate.count('busy', 1);
    await turn();
    later = HOUR_MS + 60_000;
    rate.count('busy', 1);
    rate.count('new', 10);
    await turn();
    expect([rate.waitMs('new') > 0, rate.waitMs('another')]).toEqual([true, 0]);
  });

  test('is kept by this process alone while Redis is away, without waiting for it', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    const redis = connectRedis({ url: `redis://127.0.0.1:${port}`, logger: silent });
    cleanUp.add(() => redis.disconnect());
    const rate = limit({ shared: { redis, namespace: 'n' } });
    rate.count('alice', 10);
    await until(() => rate.waitMs('alice') > 0, 'it was counted', 500);
  });
});

test('a tally forgets names that it has none of', () => {
  const tally = createTally();
  for (const name of ['a', 'a', 'b']) tally.add(name);
  expect([tally.count('a'), tally.count('b'), tally.count('c')]).toEqual([2, 1, 0]);
  for (const name of ['a', 'b', 'a']) tally.remove(name);
  expect([tally.count('a'), tally.count('b')]).toEqual([0, 0]);
});
