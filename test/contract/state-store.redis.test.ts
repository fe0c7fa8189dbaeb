import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createLogger } from '../../services/shared/logger.ts';
import { createRedisState } from '../../services/shared/state/redis.ts';
import { toStateError } from '../../services/shared/state/redis-client.ts';
import { createRedisDeadLetters, toText } from '../../services/shared/state/redis-dead-letters.ts';
import { unitKeys } from '../../services/shared/state/redis-keys.ts';
import { nameOf } from '../../services/shared/state/unit-meta.ts';
import { NO_CHANGES } from '../support/no-changes.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';
import { stateStoreContract } from './state-store.ts';

const logger = createLogger({ service: 'contract', level: 'silent' });
const FACTS = { formatVersion: 1, partitions: 1, reducersHash: 'h' };
const UNIT = { module: 'm.v1', topic: 'events.t', partition: 0 };
const LETTER = { reducer: 'm.r', version: 1, topic: 'events.t', partition: 0, offset: 0, reason: 'r' };

stateStoreContract({
  name: 'Redis',
  describe: describeOnStack,
  async create() {
    const store = createRedisState({ url: stack().redisUrl, namespace: `t-${randomUUID()}`, logger });
    return { store, close: async () => undefined };
  },
});

describeOnStack('what only Redis has', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  const open = () => {
    const namespace = `t-${randomUUID()}`;
    const store = createRedisState({ url: stack().redisUrl, namespace, logger });
    const redis = new Redis(stack().redisUrl);
    closers.push(store.close, () => redis.quit());
    return { namespace, store, redis };
  };

  test('the keys of a unit share one hash tag, whatever was done to it', async () => {
    const { namespace, store, redis } = open();
    const states = new Map([['f', 'v']]);
    await store.claim(UNIT, 'me', FACTS, 0);
    const first = { ...NO_CHANGES, token: 'me', expected: null, next: 1, states, deadLetters: [LETTER] };
    await store.checkpoint(UNIT, first);
    await store.mark(UNIT, 'me', LETTER);
    await store.relayed(UNIT, [{ ...LETTER, copy: { partition: 0, offset: 0 } }]);
    const keys = (await redis.keys(`${namespace}:*`)).sort();
    expect(keys).toEqual(['dead', 'meta', 'states'].map((kind) => `${namespace}:{m.v1:events.t:0}:${kind}`));
  });

  test('once a dead letter is relayed, Redis has nothing of its reason and stack', async () => {
    const { namespace, store, redis } = open();
    await store.claim(UNIT, 'me', FACTS, 0);
    const letter = { ...LETTER, reason: 'a secret', stack: 'of a learner' };
    await store.checkpoint(UNIT, {
      ...NO_CHANGES,
      token: 'me',
      expected: null,
      next: 1,
      deadLetters: [letter],
    });
    const texts = () => redis.hvals(`${namespace}:{m.v1:events.t:0}:dead`);
    expect((await texts()).join()).toMatch(/a secret.*of a learner/);
    await store.relayed(UNIT, [{ ...LETTER, copy: { partition: 0, offset: 0 } }]);
    expect((await texts()).join()).not.toMatch(/secret|learner|reason|stack/);
  });

  test('a flushed store refuses the owner, and a new claim starts from nothing', async () => {
    const { namespace, store, redis } = open();
    await store.claim(UNIT, 'me', FACTS, 0);
    await store.checkpoint(UNIT, { ...NO_CHANGES, token: 'me', expected: null, next: 1 });
    await redis.del(await redis.keys(`${namespace}:*`));
    expect(await store.checkpoint(UNIT, { ...NO_CHANGES, token: 'me', expected: 1, next: 2 })).toEqual({
      status: 'refused',
      because: 'token',
      stored: null,
    });
    expect(await store.claim(UNIT, 'again', FACTS, 0)).toMatchObject({ next: null });
  });

  test('hints are published only while somebody watches', async () => {
    const { namespace, store, redis } = open();
    const monitor = await redis.monitor();
    closers.push(async () => monitor.disconnect());
    const commands: string[] = [];
    monitor.on('monitor', (_, args: string[]) => {
      if (args.some((arg) => arg.includes(namespace))) commands.push(args[0]!.toLowerCase());
    });
    for (let n = 0; n < 50; n++) await store.announce({ unit: UNIT, fields: ['f'] });
    await store.position(UNIT);
    await waitFor(() => commands.includes('hmget'), { message: 'the monitor has seen all' });
    expect(commands.filter((name) => name === 'publish')).toEqual([]);
    expect(commands.filter((name) => name === 'pubsub').length).toBeLessThan(5);
  });
});

test('a dead letter that a scan gives twice comes once', async () => {
  const [one, two] = [LETTER, { ...LETTER, offset: 1 }].map((letter) => [nameOf(letter), toText(letter)]);
  const scans: [string, string[]][] = [
    ['7', [...one!]],
    ['8', [...one!]],
    ['0', [...one!, ...two!]],
  ];
  const { deadLetters } = createRedisDeadLetters({
    redis: { hscan: async () => scans.shift()! } as never,
    keysOf: (unit) => unitKeys('t', unit),
    ask: (reply) => reply,
  });
  const pages = [];
  for await (const page of deadLetters(UNIT)) pages.push(page.map(({ offset }) => offset));
  expect(pages).toEqual([[0], [1]]);
});

test('a Redis that is away is told with its address, without its password, and can be waited for', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => free.once('listening', resolve));
  const { port } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  const store = createRedisState({ url: `redis://u:secret@127.0.0.1:${port}`, namespace: 't', logger });
  const fault = await store.check().catch((error: unknown) => error);
  expect(fault).toMatchObject({ code: 'STATE_UNAVAILABLE', retriable: true });
  expect((fault as Error).message).toContain(`127.0.0.1:${port}`);
  expect((fault as Error).message).not.toContain('secret');
  await expect(store.readMany(UNIT, ['f'])).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
  await store.close();
});

test.each([
  ["OOM command not allowed when used memory > 'maxmemory'.", 'STATE_FULL', true],
  ['MISCONF Redis is configured to save RDB snapshots, but', 'STATE_FULL', true],
  ['LOADING Redis is loading the dataset in memory', 'STATE_UNAVAILABLE', true],
  ["READONLY You can't write against a read only replica.", 'STATE_UNAVAILABLE', true],
  ['WRONGPASS invalid username-password pair', 'STATE_UNAVAILABLE', false],
])('the reply "%s" is %s, retriable: %s', (message, code, retriable) => {
  const reply = Object.assign(new Error(message), { name: 'ReplyError' });
  const fault = toStateError('redis.example:6379', reply);
  expect(fault).toMatchObject({ code, retriable, cause: reply });
  expect(fault.message).toContain('redis.example:6379');
});
