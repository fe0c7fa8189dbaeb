import { afterEach, describe, expect, test } from '@jest/globals';
import type { StateStore } from '../../services/shared/state/port.ts';
import { A, B, REKEY, type RekeyedApp, startRekeyedApp } from '../support/rekeyed-app.ts';
import { complete, made, path, whole } from '../support/rekeyed-class.ts';

/** Rekeyed states are complete as long as the store keeps what that rests on. */

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
    expect(await read()).toMatchObject(whole);
  });

  test('waits anew for its own unit when it was that', async () => {
    app = await startRekeyedApp();
    await complete(app);
    lose(REKEY);
    expect(await read()).toMatchObject(made(0, null, 0));
    away.clear();
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
