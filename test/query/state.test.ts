import { afterEach, describe, expect, test } from '@jest/globals';
import { partitionOf } from '../../services/shared/partition.ts';
import { PARTITIONS, type QueryApp, type QueryAppOptions, startQueryApp } from '../support/query-app.ts';

let app: QueryApp;
afterEach(() => app.close());

async function start(options: QueryAppOptions = {}): Promise<void> {
  app = await startQueryApp(options);
}

describe('GET /v1/modules', () => {
  test('describes every reducer by the names that requests use', async () => {
    await start();
    const { status, headers, body } = await app.get('/v1/modules');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      modules: [
        {
          name: 'sample',
          version: 3,
          versions: [{ version: 3, active: true, installed: true, progress: 0 }],
          reducers: [
            { id: 'sample.counter', contexts: ['org.example'], scope: ['STUDENT'], default: { count: 0 } },
            { id: 'sample.text', contexts: ['org.example'], scope: ['STUDENT', 'doc_id'], default: null },
          ],
        },
      ],
    });
  });
});

describe('GET /v1/state', () => {
  test('answers a state with where and when it was true', async () => {
    await start();
    await app.claim();
    await app.write('counter', { STUDENT: 'ada' }, { count: 2 });
    await app.catchUp('ada', 1_700_000_000_500);
    const { status, body } = await app.get('/v1/state/sample.counter?STUDENT=ada');
    expect(status).toBe(200);
    expect(body).toEqual({
      state: { count: 2 },
      default: false,
      asOf: {
        topic: 'test.events.org.example',
        partition: partitionOf('ada', PARTITIONS),
        offset: 2,
        time: 1_700_000_000.5,
      },
    });
  });

  test('answers the external state where there is one, and the internal one otherwise', async () => {
    await start();
    await app.claim();
    await app.write('counter', { STUDENT: 'ada' }, 'inside');
    expect((await app.get('/v1/state/sample.counter?STUDENT=ada')).body).toMatchObject({ state: 'inside' });
    await app.write('counter', { STUDENT: 'ada' }, null, 'External');
    expect((await app.get('/v1/state/sample.counter?STUDENT=ada')).body).toMatchObject({
      state: null,
      default: false,
    });
  });

  test("answers a key without a state with the reducer's default, as of the partition", async () => {
    await start();
    await app.claim();
    await app.catchUp('bob', 5_000);
    const { body } = await app.get('/v1/state/sample.counter?STUDENT=bob');
    expect(body).toMatchObject({ state: { count: 0 }, default: true, asOf: { offset: 1, time: 5 } });
    await app.catchUp('cy', 5_000);
    const other = await app.get('/v1/state/sample.text?STUDENT=cy&doc_id=1');
    expect(other.body).toMatchObject({ state: null, default: true });
  });

  test('answers the default of a partition without events as soon as a worker has taken it up', async () => {
    await start();
    await app.claim();
    const { body } = await app.get('/v1/state/sample.counter?STUDENT=ada');
    expect(body).toEqual({ state: { count: 0 }, default: true, asOf: null });
    await app.write('counter', { STUDENT: 'ada' }, { count: 1 });
    expect((await app.get('/v1/state/sample.counter?STUDENT=ada')).body).toMatchObject({
      state: { count: 1 },
    });
  });

  test("says as of when also while the partition's very first states are stored", async () => {
    await start();
    await app.claim();
    const { store } = app.memory;
    const { readMany } = store;
    Object.assign(store, {
      readMany: async (...asked: Parameters<typeof readMany>) => {
        Object.assign(store, { readMany });
        await app.write('counter', { STUDENT: 'ada' }, { count: 1 });
        return readMany(...asked);
      },
    });
    const { body } = await app.get('/v1/state/sample.counter?STUDENT=ada');
    expect(body).toMatchObject({ state: { count: 1 }, default: false, asOf: { offset: 1 } });
  });

  test('keeps keys apart whatever is in them', async () => {
    await start();
    await app.claim();
    const pairs = [
      ['a', 'b,c'],
      ['a,EventField.doc_id:b', 'c'],
      ['a:b', 'c\nd'],
      ['a%3Ab', 'c%0Ad'],
      ['ü😀', '学 生'],
      ['__proto__', 'constructor'],
    ] as const;
    for (const [index, [student, doc]] of pairs.entries())
      await app.write('text', { STUDENT: student, 'EventField.doc_id': doc }, index);
    for (const [index, [student, doc]] of pairs.entries()) {
      const query = new URLSearchParams({ STUDENT: student, doc_id: doc });
      expect((await app.get(`/v1/state/sample.text?${query}`)).body).toMatchObject({ state: index });
    }
  });

  test('answers 404 with the known names for an unknown reducer', async () => {
    await start();
    for (const name of ['sample.nothing', 'toString', '__proto__']) {
      const { status, body } = await app.get(`/v1/state/${name}?STUDENT=ada`);
      expect(status).toBe(404);
      expect(body).toEqual({
        error: `no reducer is called "${name}"; known are sample.counter, sample.text`,
        known: ['sample.counter', 'sample.text'],
      });
    }
  });

  test.each([
    ['text', 'STUDENT=ada', ['doc_id: missing; sample.text needs STUDENT, doc_id']],
    ['text', '', ['STUDENT: missing', 'doc_id: missing']],
    ['counter', 'STUDENT=', ['STUDENT: empty']],
    ['counter', 'STUDENT=a&STUDENT=b', ['STUDENT: given 2 times; give it once']],
    [
      'counter',
      'STUDENT=a&doc_id=1&__proto__=2',
      ['doc_id: unknown; sample.counter needs STUDENT', '__proto__: unknown'],
    ],
    ['text', 'student=a&doc_id=1', ['student: unknown', 'STUDENT: missing']],
  ])('answers 400 naming every wrong parameter: %s?%s', async (name, query, problems) => {
    await start();
    const { status, body } = await app.get(`/v1/state/sample.${name}?${query}`);
    expect(status).toBe(400);
    const found = (body as { problems: string[] }).problems;
    expect(found).toHaveLength(problems.length);
    for (const [index, problem] of problems.entries()) expect(found[index]).toContain(problem);
    expect(body).toMatchObject({ needs: name === 'text' ? ['STUDENT', 'doc_id'] : ['STUDENT'] });
  });

  test.each(['setAway', 'setHanging'] as const)('answers 503 while the store is away (%s)', async (fault) => {
    await start({ storeTimeoutMs: 100 });
    app.memory[fault](true);
    const { status, headers } = await app.get('/v1/state/sample.counter?STUDENT=ada');
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('1');
    expect((await app.get('/healthz')).status).toBe(200);
    if (fault === 'setHanging') return;
    app.memory.setAway(false);
    expect((await app.get('/v1/state/sample.counter?STUDENT=ada')).status).toBe(200);
  });
});

describe('metrics', () => {
  test('count requests by route and status and never name a learner', async () => {
    await start();
    await app.get('/v1/state/sample.counter?STUDENT=secret-ada');
    await app.get('/v1/state/sample.secret-ada');
    const text = (await app.get('/metrics')).body as string;
    expect(text).toMatch(/lectern_query_request_seconds_count\{route="\/v1\/state",status="404"\} 1/);
    expect(text).toContain('lectern_query_live_clients 0');
    expect(text).not.toContain('secret');
  });
});
