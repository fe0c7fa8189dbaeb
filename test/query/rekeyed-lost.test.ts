import { afterEach, describe, expect, test } from '@jest/globals';
import type { StateStore } from '../../services/shared/state/port.ts';
import { A, B, internal, REKEY, type RekeyedApp, startRekeyedApp } from '../support/rekeyed-app.ts';
import { complete, key, made, partition, path, seeCaughtUp, whole } from '../support/rekeyed-class.ts';
import { waitFor } from '../support/wait.ts';

/** What is remembered of rekeyed states holds as long as the store keeps what it rests on. */

let app: RekeyedApp;
const away = new Set<string>();
afterEach(async () => {
  away.clear();
  await app?.close();
});

const read = (): Promise<unknown> => app.stateOf(path);

/** Takes the positions of a topic's units out of the store until they are given back. */
function lose(topic: string): void {
  const { store } = app.memory;
  const { position } = store;
  away.add(topic);
  Object.assign(store, {
    position: async (unit: Parameters<StateStore['position']>[0]) =>
      away.has(unit.topic) ? null : position(unit),
  });
}

describe('a state of a rekeyed reducer whose store lost something', () => {
  test.each([A, B])('waits anew for all of it when it was the sources: %s', async (topic) => {
    app = await startRekeyedApp();
    await complete(app);
    expect(await read()).toMatchObject(whole);
    lose(topic);
    expect(await read()).toMatchObject(made(0, null, 0));
    away.clear();
    app.setNow(2_000_000);
    await seeCaughtUp(app, 1_999_998, 1_999_999);
    expect(await read()).toMatchObject(made(50, 50, 0.99));
    await seeCaughtUp(app, 2_000_001, 2_000_002);
    expect(await read()).toMatchObject(whole);
  });

  test('waits anew for its own unit when it was that', async () => {
    app = await startRekeyedApp();
    await complete(app);
    lose(REKEY);
    expect(await read()).toMatchObject(made(0, null, 0));
    away.clear();
    await seeCaughtUp(app, 1_000_003);
    expect(await read()).toMatchObject(made(50, 50, 0.99));
    await seeCaughtUp(app, 1_000_004);
    expect(await read()).toMatchObject(whole);
  });

  test('is not taken for the default when that happens while it is read', async () => {
    app = await startRekeyedApp();
    await complete(app);
    Object.assign(app.memory.store, {
      async readMany(...[, fields]: Parameters<StateStore['readMany']>) {
        lose(REKEY);
        return fields.map(() => null);
      },
    });
    expect(await read()).toEqual({ ...made(0, null, 0), asOf: null });
  });
});

describe('a rekeyed reducer that nobody asks for', () => {
  test('is known to be complete when somebody does, also when the store was away at first', async () => {
    app = await startRekeyedApp({ rekeyedLookMs: 5 });
    const { store } = app.memory;
    const { position } = store;
    let reads = 0;
    Object.assign(store, {
      position(unit: Parameters<StateStore['position']>[0]) {
        if (unit.topic === REKEY) reads += 1;
        return position(unit);
      },
    });
    /** A look that began after the call is over when its second successor has begun. */
    const look = async (): Promise<void> => {
      const before = reads;
      await waitFor(() => reads >= before + 12);
    };
    app.memory.setAway(true);
    await look();
    app.memory.setAway(false);
    for (const topic of [A, B, REKEY] as const) await app.claimAll(topic, 0);
    await app.put(REKEY, partition, [internal('per_class', key, whole.state)]);
    for (const caughtUpAt of [1_000_001, 1_000_002]) {
      await look();
      await app.move(REKEY, partition, { caughtUpAt });
    }
    await look();
    expect(await read()).toMatchObject(whole);
  });
});
