import { afterEach, expect, test } from '@jest/globals';
import { createRateLimit, type SharedCounts } from '../../services/gateway/rate.ts';
import { connectRedis } from '../../services/shared/state/redis-client.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { uniqueName } from '../support/unique-name.ts';
import { createCleanUp, silent, until } from './support.ts';

const cleanUp = createCleanUp();
afterEach(() => cleanUp.run());

const HOUR_MS = 3_600_000;

function limit(shared: SharedCounts) {
  return createRateLimit({
    rate: { events: 10, seconds: 3_600 },
    kind: 'identity',
    shared,
    logger: silent,
    clockMs: () => performance.now(),
    maxNames: 1_000,
  });
}

describeOnStack('a rate that several gateways share', () => {
  async function start() {
    const namespace = uniqueName('rate');
    const address = new URL(stack().redisUrl);
    const proxy = await createTcpProxy({ host: address.hostname, port: Number(address.port) });
    cleanUp.add(proxy.close);
    const redisAt = (url: string) => {
      const redis = connectRedis({ url, logger: silent });
      cleanUp.add(() => redis.disconnect());
      return redis;
    };
    const behindProxy = redisAt(`redis://127.0.0.1:${proxy.port}`);
    const direct = redisAt(stack().redisUrl);
    const one = limit({ redis: behindProxy, namespace });
    const other = limit({ redis: direct, namespace });
    await until(() => behindProxy.status === 'ready' && direct.status === 'ready', 'both are connected');
    return { namespace, proxy, behindProxy, direct, one, other };
  }

  test('counts what all of them take, under a pseudonym and not under the name of the sender, until the window is over', async () => {
    const { one, other, direct, namespace } = await start();
    one.count('tc-alice', 9);
    await until(async () => (await direct.keys(`${namespace}*`)).length === 1, 'it was counted');
    expect(one.waitMs('tc-alice')).toBe(0);
    other.count('tc-alice', 1);
    await until(() => other.waitMs('tc-alice') > 0, 'both together are at the limit');
    const [key] = await direct.keys(`${namespace}*`);
    expect(key).not.toContain('alice');
    expect(await direct.pttl(key!)).toBeGreaterThan(0);
  });

  test('goes on alone while Redis is away, and together when it is back', async () => {
    const { one, other, proxy, behindProxy } = await start();
    await proxy.cut();
    await until(() => behindProxy.status !== 'ready', 'it noticed');
    one.count('alice', 10);
    await until(() => one.waitMs('alice') > 0, 'it counts alone', 500);
    await proxy.restore();
    await until(() => behindProxy.status === 'ready', 'it is connected again');
    other.count('bob', 9);
    one.count('bob', 1);
    await until(() => Math.max(one.waitMs('bob'), other.waitMs('bob')) > 0, 'they count together');
  });

  test('makes nobody wait for a Redis that does not answer', async () => {
    const { one, proxy } = await start();
    proxy.blackHole();
    for (let n = 0; n < 100_000; n++) one.count('alice', 1);
    expect(one.waitMs('alice')).toBe(0);
    await proxy.restore();
    await until(() => one.waitMs('alice') > HOUR_MS, 'all of it is counted in the end', 10_000);
  });
});
