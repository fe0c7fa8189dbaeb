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
import {
  claimWithHistory,
  complete,
  finishSources,
  key,
  made,
  partition,
  path,
  whole,
} from '../support/rekeyed-class.ts';
import { waitFor } from '../support/wait.ts';

/** States under other keys are complete when all sources are published, and all that is published is folded. */

let app: RekeyedApp;
let client: LiveClient | undefined;
afterEach(async () => {
  client?.close();
  client = undefined;
  await app?.close();
});

const read = (): Promise<unknown> => app.stateOf(path);

async function start(rekeyEnd = 0): Promise<void> {
  app = await startRekeyedApp();
  await claimWithHistory(app, rekeyEnd);
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
    expect(await read()).toMatchObject(made(49, 50, 0.98));
    await app.move(B, 2, { next: 10 });
    expect(await read()).toMatchObject(made(50, 50, 0.99));
    await app.move(REKEY, partition, { completeAt: 0 });
    expect(await read()).toMatchObject(whole);
  });

  test('waits for its own unit, which may be behind by itself', async () => {
    await start(30);
    await finishSources(app);
    await app.move(REKEY, partition, { next: 15 });
    expect(await read()).toMatchObject(made(65, 80, 65 / 80));
    await app.move(REKEY, partition, { next: 30 });
    expect(await read()).toMatchObject(made(80, 80, 0.99));
  });

  test('waits for what the sources published since its unit was claimed', async () => {
    await start(30);
    await finishSources(app);
    await app.move(REKEY, partition, { next: 30, completeAt: 50 });
    expect(await read()).toMatchObject(made(80, 100, 0.8));
    await app.move(REKEY, partition, { next: 49 });
    expect(await read()).toMatchObject(made(99, 100, 0.99));
    await app.move(REKEY, partition, { next: 50 });
    expect(await read()).toMatchObject(whole);
  });

  test('waits until it is stored that it is complete, however often its unit is caught up', async () => {
    await start();
    await finishSources(app);
    for (const caughtUpAt of [1_000_001, 1_000_002, 1_000_003]) {
      await app.move(REKEY, partition, { caughtUpAt });
      expect(await read()).toMatchObject(made(50, 50, 0.99));
    }
  });

  test('is complete from then on, however far behind its unit falls, or its clock', async () => {
    app = await startRekeyedApp();
    await complete(app);
    expect(await read()).toMatchObject({ ...whole, asOf: { time: 1_000 } });
    await app.move(REKEY, partition, { next: 100 });
    expect(await read()).toMatchObject({ ...whole, asOf: { topic: REKEY, offset: 100, time: 1_000 } });
    await app.move(REKEY, partition, { caughtUpAt: 999_000 }); // by a worker whose clock is slow
    expect(await read()).toMatchObject({ ...whole, asOf: { time: 999 } });
  });

  test('says nothing of other partitions, which may not be complete yet', async () => {
    app = await startRekeyedApp();
    await complete(app);
    expect(await read()).toMatchObject(whole);
    const other = ['5b', '5c', '5d', '5e', '5f'].find((CLASS) => rekeyPartitionOf({ CLASS }) !== partition)!;
    expect(await app.stateOf(`per_class?CLASS=${other}`)).toMatchObject(made(50, 50, 0.99));
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
    await waitFor(async () => (await client!.nextOf('fresh')).asOf[0]!.time === 1_000.001);
    await app.move(REKEY, partition, { completeAt: 0 });
    expect((await client.nextOf('change')).items).toEqual([{ key, ...whole }]);
  });
});
