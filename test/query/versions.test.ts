import { afterEach, describe, expect, test } from '@jest/globals';
import type { Module } from '../../services/shared/module.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { keyText, stateField } from '../../services/shared/state-key.ts';
import { type LiveClient, openLive } from '../support/live-client.ts';
import { type QueryApp, startQueryApp } from '../support/query-app.ts';
import {
  createVersionHouse,
  type VersionHouse,
  type VersionSpec,
  versionOfM,
} from '../support/version-house.ts';
import { waitFor } from '../support/wait.ts';

const PARTITIONS = 2;
const apps: QueryApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

const v1 = versionOfM({ version: 1, default: 'none of 1' });
const v2 = versionOfM({ version: 2, default: 'none of 2' });

/** Each version has its number, as a hundred, for `ann`: version 1 of 10 records, version 2 of as many as are given. */
async function start(modules: readonly Module[], reduced = 4, away = false) {
  const house = createVersionHouse(PARTITIONS);
  const control = house.topic.open(true);
  const partition = partitionOf('ann', PARTITIONS);
  const field = stateField('Internal', 'm.count', keyText({ STUDENT: 'ann' }));
  const store = (module: Module, next: number, state: unknown): Promise<void> =>
    house.store(module, partition, next, { states: { [field]: JSON.stringify(state) } });
  for (const module of [v1, v2])
    for (let at = 0; at < PARTITIONS; at++) {
      await house.claim(module, at, module === v1 ? 0 : 10);
      await house.store(module, at, module === v1 || at !== partition ? 10 : reduced);
    }
  await store(v1, 10, 100);
  await store(v2, reduced, 200);
  house.decide(1);
  let isAway = away;
  const app = await startQueryApp({
    state: house.memory.store,
    log: house.log,
    control: {
      ...control,
      caughtUp: async () => {
        if (isAway) throw new Error('the log is away');
        await control.caughtUp();
      },
    },
    module: modules[0]!,
    more: modules.slice(1),
    limits: { sweepMs: 200, coalesceMs: 1 },
  });
  apps.push(app);
  /** A decision is in the topic, and this process takes it in. */
  const decide = (...args: Parameters<VersionHouse['decide']>): void => {
    house.decide(...args);
    control.follow();
  };
  const ask = async (student = 'ann'): Promise<unknown> =>
    (await app.get(`/v1/state/m.count?STUDENT=${student}`)).body;
  return {
    app,
    house,
    store,
    decide,
    ask,
    back: () => {
      isAway = false;
    },
  };
}

describe('states are of the active version', () => {
  test('while another is made, and when it has taken over', async () => {
    const { ask, store, decide } = await start([v1, v2]);
    expect(await ask()).toMatchObject({ state: 100, default: false });
    await store(v2, 10, 201);
    expect(await ask()).toMatchObject({ state: 100 });
    decide(2);
    expect(await ask()).toMatchObject({ state: 201, asOf: { offset: 10 } });
    decide(1, { auto: false });
    expect(await ask()).toMatchObject({ state: 100 });
  });

  test('with the default of its code', async () => {
    const { ask, store, decide } = await start([v2, v1]);
    expect(await ask('bob')).toMatchObject({ state: 'none of 1', default: true });
    await store(v2, 10, 201);
    decide(2);
    expect(await ask('bob')).toMatchObject({ state: 'none of 2', default: true });
  });

  test('and are not shown where its code is not installed, but how far the others are', async () => {
    const { ask, app, store, decide } = await start([v2]);
    expect(await ask()).toMatchObject({
      state: null,
      default: false,
      rebuilding: { next: 4, target: 10, progress: 0.4 },
    });
    expect(app.degraded()).toEqual([
      expect.stringMatching(/^m: version 1 is active.*LECTERN_MODULES.*lectern modules promote m 2$/),
    ]);
    await store(v2, 10, 201);
    expect(await ask()).toMatchObject({ state: null, default: false, rebuilding: { progress: 0.99 } });
    decide(2);
    expect(await ask()).toMatchObject({ state: 201 });
    expect(app.degraded()).toEqual([]);
  });

  test('and wait until it is known which that is', async () => {
    const { app, ask, back } = await start([v1, v2], 4, true);
    expect(app.notReady()).toEqual([expect.stringContaining('the log is away')]);
    const { status, body } = await app.get('/v1/state/m.count?STUDENT=ann');
    expect([status, body]).toEqual([503, { error: expect.stringContaining('is not known') }]);
    back();
    await waitFor(async () => app.notReady().length === 0, { message: 'the topic is read' });
    expect(await ask()).toMatchObject({ state: 100 });
  });

  test('and wait for a version that is a moment behind what the other had when it took over', async () => {
    const { ask, store, decide } = await start([v1, v2]);
    decide(2);
    const asked = ask();
    await store(v2, 10, 201);
    expect(await asked).toMatchObject({ state: 201 });
  });

  test('but not for long: what is decided is shown, as half-built as it is', async () => {
    const { ask, decide } = await start([v1, v2]);
    decide(2);
    expect(await ask()).toMatchObject({ state: null, rebuilding: { next: 4, target: 10 } });
  });
});

test('modules tell their versions, which is shown, and how far each is', async () => {
  const { app, decide, store } = await start([v1, v2]);
  const versionsOf = async (): Promise<unknown> => {
    const { body } = await app.get('/v1/modules');
    const [{ version, versions }] = (body as { modules: [{ version: number; versions: unknown }] }).modules;
    return { version, versions };
  };
  expect(await versionsOf()).toEqual({
    version: 1,
    versions: [
      { version: 1, active: true, installed: true, progress: 1 },
      { version: 2, active: false, installed: true, progress: 0.7 },
    ],
  });
  await store(v2, 10, 201);
  decide(2);
  await waitFor(async () => ((await versionsOf()) as { version: number }).version === 2, {
    message: 'it changes',
  });
  decide(7);
  await waitFor(
    async () =>
      JSON.stringify(await versionsOf()).includes(
        '{"version":7,"active":true,"installed":false,"progress":null}',
      ),
    { message: 'the version that is not here is told' },
  );
});

describe('live streams', () => {
  const statesUntil = async (live: LiveClient, last: unknown): Promise<unknown[]> => {
    const states: unknown[] = [];
    while (states.at(-1) !== last) states.push(...(await live.next()).items.map(({ state }) => state));
    return states;
  };
  const streamOf = async (app: QueryApp) => openLive(`${app.url}/v1/live/m.count?STUDENT=ann`);

  test('turn to the version that takes over, without less in between', async () => {
    const { app, store, decide } = await start([v1, v2]);
    const live = await streamOf(app);
    expect(await statesUntil(live, 100)).toEqual([100]);
    decide(2);
    await store(v2, 7, 150);
    // Beyond what the other one has to have.
    await store(v1, 12, 102);
    await store(v2, 10, 201);
    expect(await statesUntil(live, 201)).toEqual([201]);
    live.close();
  });

  test('end when the version that takes over has not what they show, and say so to whoever connects again', async () => {
    const other: VersionSpec = { version: 3, rekeyed: true };
    const v3 = versionOfM(other);
    const { app, decide } = await start([v1, v3]);
    const live = await streamOf(app);
    expect(await statesUntil(live, 100)).toEqual([100]);
    decide(3);
    await expect(statesUntil(live, null)).rejects.toThrow('the stream ended');
    const { status, body } = await app.get('/v1/live/m.count?STUDENT=ann');
    expect([status, body]).toEqual([400, expect.objectContaining({ needs: ['doc'] })]);
  });
});
