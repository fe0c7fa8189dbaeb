import { afterEach, describe, expect, test } from '@jest/globals';
import { type LiveClient, openLive } from '../support/live-client.ts';
import {
  A,
  B,
  internal,
  REKEY,
  type RekeyedApp,
  rekeyPartitionOf,
  startRekeyedApp,
} from '../support/rekeyed-app.ts';
import { waitFor } from '../support/wait.ts';

/** States under other keys are complete when all sources are published, and all that is published is folded. */

let app: RekeyedApp;
let client: LiveClient | undefined;
afterEach(async () => {
  client?.close();
  client = undefined;
  await app?.close();
});

const key = { CLASS: '5a' };
const partition = rekeyPartitionOf(key);
const read = (): Promise<unknown> => app.stateOf('per_class?CLASS=5a');
const whole = { state: 'of the class', default: false };
const made = (next: number, target: number | null, progress: number) => ({
  state: null,
  default: false,
  rebuilding: { next, target, progress },
});

/** The sources have two and three partitions of ten events each; of the rekey topic nothing was there yet. */
async function start(rekeyEnd = 0): Promise<void> {
  app = await startRekeyedApp();
  await app.claimAll(A, 10);
  await app.claimAll(B, 10);
  await app.claimAll(REKEY, rekeyEnd);
  await app.put(REKEY, partition, [internal('per_class', key, 'of the class')]);
}

async function finishSources(): Promise<void> {
  await app.moveAll(A, { next: 10 });
  await app.moveAll(B, { next: 10 });
}

/** What a caught-up unit writes, seen each time. */
async function seeCaughtUp(...times: readonly number[]): Promise<void> {
  for (const caughtUpAt of times) {
    await app.move(REKEY, partition, { caughtUpAt });
    await read();
  }
}

describe('a state of a rekeyed reducer', () => {
  test('waits for a worker to take up every unit', async () => {
    app = await startRekeyedApp();
    const unclaimed = { ...made(0, null, 0), asOf: null };
    expect(await read()).toEqual(unclaimed);
    await app.claimAll(REKEY, 0);
    expect(await read()).toEqual(unclaimed);
    await app.claimAll(A, 0);
    expect(await read()).toEqual(unclaimed);
    await app.claimAll(B, 0);
    expect(await read()).toMatchObject({ rebuilding: { target: 0 } });
  });

  test('waits for the last source unit of every context, telling what all have made', async () => {
    await start();
    await app.moveAll(A, { next: 10 });
    await app.move(B, 0, { next: 10 });
    await app.move(B, 1, { next: 12 });
    await app.move(B, 2, { next: 9 });
    await seeCaughtUp(1_000_001, 1_000_002, 1_000_003);
    expect(await read()).toMatchObject(made(49, 50, 0.98));
    await app.move(B, 2, { next: 10 });
    expect(await read()).toMatchObject(made(50, 50, 0.99));
    await seeCaughtUp(1_000_004, 1_000_005);
    expect(await read()).toMatchObject(whole);
  });

  test('waits for its own unit, which may be behind by itself', async () => {
    await start(30);
    await finishSources();
    await app.move(REKEY, partition, { next: 15 });
    await seeCaughtUp(1_000_001, 1_000_002, 1_000_003);
    expect(await read()).toMatchObject(made(65, 80, 65 / 80));
    await app.move(REKEY, partition, { next: 30 });
    await seeCaughtUp(1_000_004);
    expect(await read()).toMatchObject(made(80, 80, 0.99));
    await seeCaughtUp(1_000_005);
    expect(await read()).toMatchObject(whole);
  });

  test('waits for a unit that was caught up only before the sources were seen to be done', async () => {
    await start();
    await finishSources();
    await seeCaughtUp(999_000, 999_500, 1_000_000);
    expect(await read()).toMatchObject(made(50, 50, 0.99));
  });

  test('waits for a second such moment: the first may be the end of work on an older fetch', async () => {
    await start();
    await finishSources();
    await read();
    await seeCaughtUp(1_000_500, 1_000_500, 1_000_500);
    expect(await read()).toMatchObject(made(50, 50, 0.99));
    await seeCaughtUp(1_000_501);
    expect(await read()).toMatchObject(whole);
  });

  test('is complete from then on, however far behind its unit falls', async () => {
    await start();
    await finishSources();
    await read();
    await seeCaughtUp(1_000_001, 1_000_002);
    app.setNow(9_000_000);
    expect(await read()).toMatchObject({ ...whole, asOf: { time: 1_000.002 } });
    await app.move(REKEY, partition, { next: 100 });
    expect(await read()).toMatchObject({ ...whole, asOf: { topic: REKEY, offset: 100 } });
  });

  test('says nothing of other partitions, which may not be caught up yet', async () => {
    await start();
    await finishSources();
    await read();
    await seeCaughtUp(1_000_001, 1_000_002);
    expect(await read()).toMatchObject(whole);
    const other = ['5b', '5c', '5d', '5e', '5f'].find((CLASS) => rekeyPartitionOf({ CLASS }) !== partition)!;
    expect(await app.stateOf(`per_class?CLASS=${other}`)).toMatchObject(made(50, 50, 0.99));
  });
});

describe('a state of a rekeyed reducer whose store lost something', () => {
  const away = new Set<string>();
  /** Takes the positions of a topic's units out of the store until they are given back. */
  function lose(topic: string): void {
    const { store } = app.memory;
    const { position } = store;
    away.add(topic);
    Object.assign(store, {
      position: async (unit: Parameters<typeof position>[0]) =>
        away.has(unit.topic) ? null : position(unit),
    });
  }
  afterEach(() => away.clear());

  test.each([A, B])('waits anew for all of it when it was the sources: %s', async (topic) => {
    await start();
    await finishSources();
    await read();
    await seeCaughtUp(1_000_001, 1_000_002);
    lose(topic);
    expect(await read()).toMatchObject(made(0, null, 0));
    away.clear();
    app.setNow(2_000_000);
    await seeCaughtUp(1_999_998, 1_999_999);
    expect(await read()).toMatchObject(made(50, 50, 0.99));
    await seeCaughtUp(2_000_001, 2_000_002);
    expect(await read()).toMatchObject(whole);
  });

  test('waits anew for its own unit when it was that', async () => {
    await start();
    await finishSources();
    await read();
    await seeCaughtUp(1_000_001, 1_000_002);
    lose(REKEY);
    expect(await read()).toMatchObject(made(0, null, 0));
    away.clear();
    await seeCaughtUp(1_000_003);
    expect(await read()).toMatchObject(made(50, 50, 0.99));
    await seeCaughtUp(1_000_004);
    expect(await read()).toMatchObject(whole);
  });

  test('is not taken for the default when that happens while it is read', async () => {
    await start();
    await finishSources();
    await read();
    await seeCaughtUp(1_000_001, 1_000_002);
    const { store } = app.memory;
    const { readMany } = store;
    Object.assign(store, {
      async readMany(...asked: Parameters<typeof readMany>) {
        lose(REKEY);
        return asked[1].map(() => null);
      },
    });
    expect(await read()).toEqual({ ...made(0, null, 0), asOf: null });
  });
});

describe('a rekeyed reducer that nobody asks for', () => {
  test('is known to be complete when somebody does', async () => {
    let reads = 0;
    app = await startRekeyedApp({ rekeyedLookMs: 5 });
    const { store } = app.memory;
    const { position } = store;
    Object.assign(store, {
      position(unit: Parameters<typeof position>[0]) {
        if (unit.topic === REKEY && unit.partition === partition) reads += 1;
        return position(unit);
      },
    });
    const look = async (): Promise<void> => {
      const before = reads;
      await waitFor(() => reads >= before + 3);
    };
    for (const topic of [A, B, REKEY] as const) await app.claimAll(topic, 0);
    await app.put(REKEY, partition, [internal('per_class', key, 'of the class')]);
    for (const caughtUpAt of [1_000_001, 1_000_002]) {
      await look();
      await app.move(REKEY, partition, { caughtUpAt });
    }
    await look();
    expect(await read()).toMatchObject(whole);
  });

  test('is looked at no more once the service stops, and not at all while the store is away', async () => {
    app = await startRekeyedApp({ rekeyedLookMs: 5 });
    app.memory.setAway(true);
    const { store } = app.memory;
    let asked = 0;
    const { position } = store;
    Object.assign(store, {
      position(unit: Parameters<typeof position>[0]) {
        asked += 1;
        return position(unit);
      },
    });
    await waitFor(() => asked > 2);
    app.stop();
    app.memory.setAway(false);
    expect((await app.get('/v1/state/work.per_class?CLASS=5a')).status).toBe(200);
  });
});

describe('a live stream of a rekeyed reducer', () => {
  test('tells how far it is, then the state, by itself', async () => {
    app = await startRekeyedApp({ limits: { sweepMs: 20, coalesceMs: 5 } });
    client = await openLive(`${app.url}/v1/live/work.per_class?CLASS=5a`);
    const item = (target: number | null, progress: number) => ({
      key,
      state: null,
      default: false,
      rebuilding: { target, progress },
    });
    expect(await client.next()).toMatchObject({ event: 'snapshot', items: [item(null, 0)], asOf: [] });
    await app.claimAll(REKEY, 0);
    await app.claimAll(A, 10);
    await app.claimAll(B, 10);
    expect((await client.nextOf('change')).items).toEqual([item(50, 0)]);
    await app.moveAll(A, { next: 10 });
    await app.moveAll(B, { next: 10 });
    const seen = async (): Promise<number> => (await client!.nextOf('change')).items[0]!.rebuilding!.progress;
    await waitFor(async () => (await seen()) === 0.99);
    await app.put(REKEY, partition, [internal('per_class', key, 'of the class')]);
    await app.move(REKEY, partition, { caughtUpAt: 1_000_001 });
    expect(await client.nextOf('fresh')).toMatchObject({ asOf: [{ topic: REKEY, time: 1_000.001 }] });
    await app.move(REKEY, partition, { caughtUpAt: 1_000_002 });
    expect((await client.nextOf('change')).items).toEqual([{ key, ...whole }]);
  });
});
