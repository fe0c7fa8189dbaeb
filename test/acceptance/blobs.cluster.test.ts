import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openBlobClient } from '../support/blob-client.ts';
import { type Cluster, createCluster } from '../support/cluster.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { uniqueName } from '../support/unique-name.ts';
import { waitFor } from '../support/wait.ts';

const SOURCE = 'org.mitros.writing_analytics';

describeOnStack('blobs with two gateways on Kafka and Redis', () => {
  const name = uniqueName('blobs');
  let cluster: Cluster;
  let other: RestartableProgram;
  let blind: RestartableProgram;
  let cutOff: RestartableProgram;
  let proxy: TcpProxy;
  const openAt = (url: string, user: string) => openBlobClient({ url, user, source: SOURCE });

  beforeAll(async () => {
    const { brokers, redisUrl } = stack();
    cluster = await createCluster(name, stack());
    const env = { LECTERN_NAMESPACE: name, LECTERN_KAFKA_BROKERS: brokers.join(',') };
    other = await createProgram('dist/services/gateway/main.js', { ...env, LECTERN_REDIS_URL: redisUrl });
    blind = await createProgram('dist/services/gateway/main.js', env);
    const { hostname, port } = new URL(redisUrl);
    proxy = await createTcpProxy({ host: hostname, port: Number(port) });
    const proxied = `redis://127.0.0.1:${proxy.port}`;
    cutOff = await createProgram('dist/services/gateway/main.js', { ...env, LECTERN_REDIS_URL: proxied });
    await cluster.startAll();
    await Promise.all([other, blind, cutOff].map((program) => program.start()));
    await Promise.all([other, blind, cutOff].map((program) => program.ready()));
  }, 120_000);
  afterAll(async () => {
    await Promise.all([other.stop(), blind.stop(), cutOff.stop()]);
    await proxy.close();
    await cluster.stopAll();
  }, 60_000);

  test('what is acknowledged through one is fetched at once from the other', async () => {
    const reader = await openAt(other.url, 'alice');
    expect(await reader.fetch()).toBe('null');
    for (let n = 0; n < 10; n++) {
      const frame = { event: 'save_blob', blob: { n }, source: SOURCE, user_id: 'alice' };
      const response = await fetch(`${cluster.programs.gateway.url}/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([frame]),
      });
      expect(await response.json()).toMatchObject({ results: [{ status: 'accepted' }] });
      expect(await reader.fetch()).toBe(`{"n":${n}}`);
    }
    reader.close();
  });

  test('a gateway without Redis saves, and says that it cannot fetch', async () => {
    const [writer, reader] = [await openAt(blind.url, 'bob'), await openAt(other.url, 'bob')];
    writer.save('"of bob"');
    await expect(writer.fetch()).rejects.toThrow('LECTERN_REDIS_URL');
    expect(await (await fetch(`${blind.url}/readyz`)).json()).toMatchObject({ ready: true });
    await waitFor(async () => (await reader.fetch()) === '"of bob"', { message: 'it was kept' });
    writer.close();
    reader.close();
  });

  test('with Redis away a gateway takes events, is ready, and answers a fetch with an error', async () => {
    const client = await openAt(cutOff.url, 'carol');
    client.save('"first"');
    expect(await client.fetch()).toBe('"first"');
    await proxy.cut();
    client.save('"second"');
    await expect(client.fetch()).rejects.toThrow('fetch_blob: the blobs cannot be read now');
    expect(await (await fetch(`${cutOff.url}/readyz`)).json()).toEqual({
      ready: true,
      status: 'ready',
      reasons: [],
    });
    const elsewhere = await openAt(other.url, 'carol');
    await waitFor(async () => (await elsewhere.fetch()) === '"second"', { message: 'it was kept' });
    await proxy.restore();
    const found = await waitFor(() => client.fetch(), { message: 'it fetches again', timeoutMs: 30_000 });
    expect(found).toBe('"second"');
    client.close();
    elsewhere.close();
  });
});
