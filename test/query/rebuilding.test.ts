import { afterEach, describe, expect, test } from '@jest/globals';
import { rebuildingOf } from '../../services/query/rebuilding.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { type LiveClient, openLive } from '../support/live-client.ts';
import { PARTITIONS, type QueryApp, type QueryAppOptions, startQueryApp } from '../support/query-app.ts';

/** States that are made anew out of history are shown to nobody before they are complete. */

let app: QueryApp;
let client: LiveClient | undefined;
afterEach(async () => {
  client?.close();
  client = undefined;
  await app?.close();
});

const start = async (options: QueryAppOptions = {}): Promise<void> => {
  app = await startQueryApp(options);
};
const path = 'sample.counter?STUDENT=ada';
const stateOf = async (): Promise<unknown> => (await app.get(`/v1/state/${path}`)).body;
const partition = partitionOf('ada', PARTITIONS);

describe('a state that is being made', () => {
  test('is told as such before any worker has begun', async () => {
    await start();
    const rebuilding = { next: 0, target: null, progress: 0 };
    const { status, body } = await app.get(`/v1/state/${path}`);
    expect(status).toBe(200);
    expect(body).toEqual({ state: null, default: false, rebuilding, asOf: null });
  });

  test('is neither the default nor the part that is made, but how far that is, until it is whole', async () => {
    await start();
    await app.claim(4);
    const nothing = { state: null, default: false, asOf: null };
    expect(await stateOf()).toEqual({ ...nothing, rebuilding: { next: 0, target: 4, progress: 0 } });
    expect(app.memory.takeReads()).toEqual([]); // nothing of it is even read
    for (const next of [1, 2, 3]) {
      await app.write('counter', { STUDENT: 'ada' }, { count: next });
      expect(await stateOf()).toEqual({
        state: null,
        default: false,
        rebuilding: { next, target: 4, progress: next / 4 },
        asOf: { topic: 'test.events.org.example', partition, offset: next, time: expect.any(Number) },
      });
    }
    await app.write('counter', { STUDENT: 'ada' }, { count: 4 });
    const whole = await stateOf();
    expect(whole).toMatchObject({ state: { count: 4 }, default: false, asOf: { offset: 4 } });
    expect(whole).not.toHaveProperty('rebuilding');
  });

  test('says nothing of other partitions, which may be whole', async () => {
    await start();
    await app.claim(1);
    const other = ['bob', 'cy', 'dee', 'eve'].find((name) => partitionOf(name, PARTITIONS) !== partition)!;
    await app.write('counter', { STUDENT: 'ada' }, { count: 1 });
    expect(await stateOf()).toMatchObject({ state: { count: 1 } });
    const { body } = await app.get(`/v1/state/sample.counter?STUDENT=${other}`);
    expect(body).toMatchObject({ state: null, rebuilding: { target: 1 } });
  });

  test('is not taken for the default when the store is emptied between two questions', async () => {
    await start();
    await app.claim();
    await app.write('counter', { STUDENT: 'ada' }, { count: 9 });
    expect(await stateOf()).toMatchObject({ state: { count: 9 } });
    const { store } = app.memory;
    const { readMany, position } = store;
    Object.assign(store, {
      readMany: async (...asked: Parameters<typeof readMany>) => {
        await readMany(...asked);
        Object.assign(store, { position: async () => null });
        return asked[1].map(() => null);
      },
    });
    const lost = {
      state: null,
      default: false,
      rebuilding: { next: 0, target: null, progress: 0 },
      asOf: null,
    };
    expect(await stateOf()).toEqual(lost);
    Object.assign(store, { readMany, position });
    expect(await stateOf()).toMatchObject({ state: { count: 9 } });
  });
});

describe('a live stream of states that are being made', () => {
  test('tells how far they are, then the states, by itself', async () => {
    await start({ limits: { sweepMs: 20, coalesceMs: 5 } });
    client = await openLive(`${app.url}/v1/live/${path}`);
    const key = { STUDENT: 'ada' };
    const item = (target: number | null, progress: number) => ({
      key,
      state: null,
      default: false,
      rebuilding: { target, progress },
    });
    expect(await client.next()).toMatchObject({ event: 'snapshot', items: [item(null, 0)], asOf: [] });
    await app.claim(3);
    expect((await client.nextOf('change')).items).toEqual([item(3, 0)]);
    await app.catchUp('ada', 1_000);
    expect((await client.nextOf('change')).items).toEqual([item(3, 0.33)]);
    await app.write('counter', key, { count: 2 });
    expect((await client.nextOf('change')).items).toEqual([item(3, 0.66)]);
    await app.catchUp('ada', 3_000);
    expect((await client.nextOf('change')).items).toEqual([{ key, state: { count: 2 }, default: false }]);
  });

  test('says something new once a percent, however many records that is', async () => {
    await start({ limits: { sweepMs: 20, coalesceMs: 5 } });
    await app.claim(1_000);
    client = await openLive(`${app.url}/v1/live/${path}`);
    await client.next();
    for (let count = 1; count <= 19; count++) await app.write('counter', { STUDENT: 'ada' }, { count });
    await app.write('counter', { STUDENT: 'ada' }, { count: 20 });
    const seen: unknown[] = [];
    while (seen.at(-1) !== 0.02) {
      const [item] = (await client.nextOf('change')).items;
      seen.push(item!.rebuilding!.progress);
    }
    expect([[0.01, 0.02], [0.02]]).toContainEqual(seen);
  });
});

describe('how far a unit is', () => {
  test.each([
    ['never claimed', null, { next: 0, target: null, progress: 0 }],
    ['claimed, nothing stored', { next: null, target: 10 }, { next: 0, target: 10, progress: 0 }],
    ['on its way', { next: 9, target: 10 }, { next: 9, target: 10, progress: 0.9 }],
    ['there', { next: 10, target: 10 }, null],
    ['past it', { next: 11, target: 10 }, null],
    ['without events', { next: null, target: 0 }, null],
    ['complete ever since', { next: 5, target: null }, null],
    ['of which nothing is known', { next: null, target: null }, { next: 0, target: null, progress: 0 }],
  ])('%s', (_, position, expected) => {
    expect(rebuildingOf(position)).toEqual(expected);
  });
});
