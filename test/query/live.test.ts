import { afterEach, describe, expect, test } from '@jest/globals';
import { partitionOf } from '../../services/shared/partition.ts';
import { type LiveClient, openLive } from '../support/live-client.ts';
import { PARTITIONS, type QueryApp, type QueryAppOptions, startQueryApp } from '../support/query-app.ts';
import { waitFor } from '../support/wait.ts';

const NEVER_MS = 3_600_000;

let app: QueryApp;
let clients: LiveClient[] = [];
afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await app.close();
});

async function start(limits: QueryAppOptions['limits'] = {}, rest: QueryAppOptions = {}): Promise<void> {
  app = await startQueryApp({ ...rest, limits: { sweepMs: NEVER_MS, coalesceMs: 10, ...limits } });
  await app.claim();
}

async function open(path: string): Promise<LiveClient> {
  const client = await openLive(`${app.url}/v1/live/${path}`);
  clients.push(client);
  return client;
}

/** Two students of one partition and one of another. */
const names = Array.from({ length: 50 }, (_, index) => `student-${index}`);
const [ada, bob] = names.filter((name) => partitionOf(name, PARTITIONS) === 0) as [string, string];
const cy = names.find((name) => partitionOf(name, PARTITIONS) === 1)!;

describe('a live stream', () => {
  test('starts with all states, then tells what a hint says has changed', async () => {
    await start();
    await app.write('counter', { STUDENT: ada }, { count: 1 });
    const client = await open(`sample.counter?STUDENT=${ada}&STUDENT=${cy}`);
    expect(client.headers['content-type']).toContain('text/event-stream');
    expect(client.headers['x-accel-buffering']).toBe('no');
    expect(client.headers['cache-control']).toBe('no-store');
    expect(await client.next()).toMatchObject({
      event: 'snapshot',
      items: [
        { key: { STUDENT: ada }, state: { count: 1 }, default: false },
        { key: { STUDENT: cy }, state: { count: 0 }, default: true },
      ],
      asOf: [
        { topic: 'test.events.org.example', partition: 0, offset: 1, time: expect.any(Number) },
        { topic: 'test.events.org.example', partition: 1, offset: null, time: null },
      ],
      now: expect.any(Number),
    });
    await app.write('counter', { STUDENT: cy }, { count: 5 });
    expect(await client.next()).toMatchObject({
      event: 'change',
      items: [{ key: { STUDENT: cy }, state: { count: 5 }, default: false }],
      asOf: [{ partition: 1, offset: 1 }],
    });
  });

  test('finds by the sweep what no hint told, also of a module that no worker had taken up', async () => {
    app = await startQueryApp({ limits: { sweepMs: 50 } });
    app.memory.setLosingHints(true);
    const client = await open(`sample.counter?STUDENT=${ada}`);
    const unclaimed = { default: false, rebuilding: { target: null } };
    expect(await client.next()).toMatchObject({ event: 'snapshot', items: [unclaimed], asOf: [] });
    await app.claim();
    expect(await client.nextOf('change')).toMatchObject({ items: [{ default: true }] });
    await app.write('counter', { STUDENT: ada }, { count: 7 });
    expect(await client.nextOf('change')).toMatchObject({ items: [{ state: { count: 7 } }] });
  });

  test('tells by the sweep how fresh unchanged states are', async () => {
    await start({ sweepMs: 50 });
    const client = await open(`sample.counter?STUDENT=${ada}`);
    await client.next();
    await app.catchUp(ada, 1_234_000);
    expect(await client.next()).toMatchObject({
      event: 'fresh',
      items: [],
      asOf: [{ offset: 1, time: 1_234 }],
    });
  });

  test('gathers quick changes and sends the latest', async () => {
    await start({ coalesceMs: 100 });
    const client = await open(`sample.counter?STUDENT=${ada}&STUDENT=${bob}`);
    await client.next();
    for (let count = 1; count <= 50; count++) await app.write('counter', { STUDENT: ada }, { count });
    await app.write('counter', { STUDENT: bob }, { count: 1 });
    const { items } = await client.next();
    expect(items.map(({ state }) => state)).toEqual([{ count: 50 }, { count: 1 }]);
  });

  test('says nothing about a state that was written again as it was', async () => {
    await start();
    const client = await open(`sample.counter?STUDENT=${ada}`);
    await client.next();
    await app.write('counter', { STUDENT: ada }, { count: 1 });
    await app.write('counter', { STUDENT: ada }, { count: 1 });
    await client.nextOf('change');
    await app.write('counter', { STUDENT: ada }, { count: 1 });
    await waitFor(() => app.memory.takeReads().length > 0);
    await app.write('counter', { STUDENT: ada }, { count: 2 });
    expect(await client.next()).toMatchObject({ items: [{ state: { count: 2 } }] });
  });

  test('zips parameters and shows each key as it was asked', async () => {
    await start();
    await app.write('text', { STUDENT: 'a,b:\n😀', 'EventField.doc_id': 'x:y' }, 'first');
    await app.write('text', { STUDENT: ada, 'EventField.doc_id': '2' }, 'second');
    const query = new URLSearchParams([
      ['STUDENT', 'a,b:\n😀'],
      ['STUDENT', ada],
      ['doc_id', 'x:y'],
      ['doc_id', '2'],
    ]);
    const { items } = await (await open(`sample.text?${query}`)).next();
    expect(items).toEqual([
      { key: { STUDENT: 'a,b:\n😀', doc_id: 'x:y' }, state: 'first', default: false },
      { key: { STUDENT: ada, doc_id: '2' }, state: 'second', default: false },
    ]);
  });

  test('sends comments while nothing happens', async () => {
    await start({ heartbeatMs: 20 });
    const client = await open(`sample.counter?STUDENT=${ada}`);
    await client.next();
    const next = client.next();
    await waitFor(
      async () => (await app.metric('lectern_query_live_clients')) === 1 && client.comments() > 2,
    );
    await app.write('counter', { STUDENT: ada }, { count: 1 });
    await next;
  });

  test('goes on by itself after the store was away', async () => {
    await start({ sweepMs: 50 });
    const client = await open(`sample.counter?STUDENT=${ada}`);
    await client.next();
    await app.write('counter', { STUDENT: ada }, { count: 1 });
    await client.nextOf('change');
    app.memory.setAway(true);
    await waitFor(async () => (await app.get('/v1/state/sample.counter?STUDENT=x')).status === 503);
    app.memory.setAway(false);
    app.memory.setLosingHints(true);
    await app.write('counter', { STUDENT: ada }, { count: 2 });
    expect(await client.nextOf('change')).toMatchObject({ items: [{ state: { count: 2 } }] });
  });
});

describe('many live streams', () => {
  test('share one read of a key that changed', async () => {
    await start();
    for (let count = 0; count < 20; count++) await open(`sample.counter?STUDENT=${ada}`);
    for (const client of clients) await client.next();
    expect(await app.metric('lectern_query_live_keys')).toBe(1);
    app.memory.takeReads();
    await app.write('counter', { STUDENT: ada }, { count: 1 });
    for (const client of clients) expect((await client.next()).items[0]!.state).toEqual({ count: 1 });
    expect(app.memory.takeReads()).toHaveLength(2);
  });

  test('hear hints only while one is open, and leave nothing behind', async () => {
    await start();
    expect(app.memory.watchers()).toBe(0);
    await open(`sample.counter?STUDENT=${ada}`);
    await open(`sample.counter?STUDENT=${bob}`);
    expect(app.memory.watchers()).toBe(1);
    for (const client of clients) client.close();
    await waitFor(() => app.memory.watchers() === 0);
    expect(await app.metric('lectern_query_live_keys')).toBe(0);
  });

  test.each([
    ['clients', { maxClients: 1 }],
    ['keys', { maxKeys: 1 }],
  ])('are refused with 503 beyond the limit of %s, and welcome again below it', async (_what, limits) => {
    await start(limits);
    const first = await open(`sample.counter?STUDENT=${ada}`);
    const { status, headers } = await app.get(`/v1/live/sample.counter?STUDENT=${bob}`);
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('5');
    first.close();
    await waitFor(async () => (await app.metric('lectern_query_live_clients')) === 0);
    expect((await open(`sample.counter?STUDENT=${bob}`)).status).toBe(200);
  });

  test('end when the service stops', async () => {
    await start();
    const client = await open(`sample.counter?STUDENT=${ada}`);
    await client.next();
    app.stop();
    await expect(client.next()).rejects.toThrow('the stream ended');
    expect(app.memory.watchers()).toBe(0);
    expect((await app.get(`/v1/live/sample.counter?STUDENT=${ada}`)).status).toBe(503);
  });
});

describe('a request for a live stream', () => {
  test.each([
    ['for an unknown reducer', 'sample.nothing?STUDENT=a', 404, 'known are'],
    ['without a student', 'sample.counter', 400, 'STUDENT: missing'],
    ['with an unknown parameter', 'sample.counter?STUDENT=a&doc_id=1', 400, 'doc_id: unknown'],
    [
      'with parameters that do not pair up',
      'sample.text?STUDENT=a&STUDENT=b&STUDENT=c&doc_id=1&doc_id=2',
      400,
      'doc_id: given 2 times; give it once, or 3 times',
    ],
    [
      'for too many students',
      `sample.counter?${'STUDENT=a&'.repeat(501)}`,
      400,
      'STUDENT: given 501 times; at most 500',
    ],
  ])('is refused %s', async (_what, path, status, message) => {
    await start();
    const answer = await app.get(`/v1/live/${path}`);
    expect(answer.status).toBe(status);
    expect((answer.body as { error: string }).error).toContain(message);
  });

  test('is answered 503 while the store is away, and leaves nothing behind', async () => {
    await start();
    app.memory.setAway(true);
    const { status, headers } = await app.get(`/v1/live/sample.counter?STUDENT=${ada}`);
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('1');
    expect(await app.metric('lectern_query_live_keys')).toBe(0);
  });
});
