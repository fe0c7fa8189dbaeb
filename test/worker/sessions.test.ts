import { describe, expect, test } from '@jest/globals';
import { parseStateField, sessionField } from '../../services/shared/state-key.ts';
import { createSessionSweep } from '../../services/worker/session-sweep.ts';
import { createSessions, DAY_MS } from '../../services/worker/sessions.ts';
import { apply, itemOf, load, type Sent } from './sessions-items.ts';

const sent = (changes: Partial<Sent>): Sent => ({
  offset: 0,
  timestamp: 0,
  key: 'k',
  id: 'i',
  session: 's',
  sequence: 0,
  ...changes,
});

function start(maxBytes = Number.POSITIVE_INFINITY) {
  const sessions = createSessions({ maxBytes: () => maxBytes });
  const store = new Map<string, string>();
  const take = (...all: readonly Partial<Sent>[]): boolean[] => {
    const items = all.map((changes) => itemOf(sent(changes)));
    load(sessions, items, store);
    return items.map((item) => sessions.accept(item));
  };
  const cut = (): ReadonlyMap<string, string | null> => {
    const states = new Map<string, string | null>();
    sessions.write(states);
    apply(states, store);
    return states;
  };
  return { sessions, store, take, cut };
}

describe('the sessions of a unit', () => {
  test('let a number through once for each key and session, whatever the texts are', () => {
    const { take } = start();
    const names = ['a', 'ab', 'b', '', '1', ',', 'é,:%'];
    const all = names.flatMap((key) => names.map((session) => ({ key, session })));
    expect(take(...all)).toEqual(all.map(() => true));
    expect(take(...all)).toEqual(all.map(() => false));
  });

  test('let through what is not numbered', () => {
    const { take, cut } = start();
    const changes = [{ session: null }, { sequence: null }, { sequence: -1 }];
    expect(take(...changes, ...changes)).toEqual([true, true, true, true, true, true]);
    expect(cut()).toEqual(new Map());
  });

  test('leave requeued events alone', () => {
    const { sessions, take } = start();
    take({});
    const item = { ...itemOf(sent({})), requeued: { reducer: 'm.r', offset: 0 } };
    expect(sessions.missing([item])).toEqual([]);
    expect(sessions.accept(item)).toBe(true);
  });

  test('tell how many bytes a checkpoint will have of them, at most, before it is cut', () => {
    const { sessions, take, cut } = start();
    const lengthOf = (states: ReadonlyMap<string, string | null>): number =>
      [...states].reduce((sum, [field, text]) => sum + field.length + (text?.length ?? 0), 0);
    take({}, { key: 'l', session: 's'.repeat(500) });
    const before = sessions.dirtyBytes;
    // Numbers that are left out make more of a session that is to be written already.
    take(...Array.from({ length: 60 }, (_, n) => ({ sequence: 2 * n })));
    const known = sessions.dirtyBytes;
    expect(known).toBeGreaterThan(before + 150);
    const written = lengthOf(cut());
    expect(written).toBeLessThanOrEqual(known);
    expect(written).toBeGreaterThan(known - 200);
    expect(sessions.dirtyBytes).toBe(0);
    take({ sequence: 3 });
    expect(sessions.dirtyBytes).toBeGreaterThanOrEqual(lengthOf(cut()));
  });

  test('are read once, in one go, and written when they changed', () => {
    const { sessions, store, cut } = start();
    const items = [sent({}), sent({ sequence: 1 }), sent({ session: 't' }), sent({})].map(itemOf);
    expect(load(sessions, items, store)).toEqual([sessionField('k', 's'), sessionField('k', 't')]);
    for (const item of items) sessions.accept(item);
    expect(sessions.dirtyFields).toBe(2);
    expect(cut()).toEqual(
      new Map([
        [sessionField('k', 's'), '1,0'],
        [sessionField('k', 't'), '0,0'],
      ]),
    );
    expect(sessions.dirtyFields).toBe(0);
    expect(sessions.missing(items)).toEqual([]);
    expect(sessions.accept(items[3]!)).toBe(false);
    expect(cut()).toEqual(new Map());
  });

  test('are forgotten 30 days of the log after their last event, and no sooner', () => {
    const { take } = start();
    take({}, { sequence: 1, timestamp: 5 });
    expect(take({ timestamp: 5 + 30 * DAY_MS })).toEqual([false]);
    expect(take({ timestamp: 6 + 30 * DAY_MS })).toEqual([true]);
    expect(take({ timestamp: 7 + 30 * DAY_MS })).toEqual([false]);
  });

  test('are dropped from memory over the budget, least used first, and only when they are stored', () => {
    const { sessions, store, take, cut } = start(10_000);
    const keys = Array.from({ length: 100 }, (_, n) => `key ${n}`);
    take(...keys.map((key) => ({ key })));
    expect(sessions.isOverBudget()).toBe(true);
    sessions.evict(0);
    expect(sessions.isOverBudget()).toBe(true);
    cut();
    sessions.evict(1);
    expect(sessions.isOverBudget()).toBe(true);
    sessions.evict(0);
    take({ key: 'key 99', sequence: 1 });
    expect(sessions.isOverBudget()).toBe(false);
    const items = keys.map((key) => itemOf(sent({ key })));
    const read = load(sessions, items, store);
    expect(read.length).toBeGreaterThan(70);
    expect(read.length).toBeLessThan(100);
    expect(items.map((item) => sessions.accept(item))).toEqual(keys.map(() => false));
  });

  test('stop the unit when something else stands in the store, without telling what', () => {
    const { sessions } = start();
    const fields = sessions.missing([itemOf(sent({}))]);
    expect(() => sessions.fill(fields, ['{"name":"Bob"}'])).toThrow(
      /^a stored session cannot be read(?!.*Bob)/,
    );
  });

  test('have fields that say whose they are', () => {
    const field = sessionField('a,b:c%', 'x,y');
    expect(field).toBe('Session,,SESSION:x%2Cy,STUDENT:a%2Cb%3Ac%25');
    expect(parseStateField(field)).toEqual({
      kind: 'Session',
      reducerId: '',
      values: { SESSION: 'x,y', STUDENT: 'a,b:c%' },
    });
  });
});

describe('the sweep over sessions', () => {
  function startSweep() {
    const house = start();
    const { sessions, store } = house;
    let sweeps = 0;
    const sweep = createSessionSweep({
      sessions,
      async *entries() {
        sweeps += 1;
        yield [{ field: 'Internal,m.r,STUDENT:a', value: '0,0' }];
        const all = [...store].map(([field, value]) => ({ field, value }));
        for (let at = 0; at < all.length; at += 300) yield all.slice(at, at + 300);
      },
      readMany: async (fields) => fields.map((field) => store.get(field) ?? null),
      since: 0,
    });
    const steps = async (count: number): Promise<void> => {
      for (let step = 0; step < count; step++) await sweep.step();
    };
    return { ...house, steps, sweeps: () => sweeps };
  }
  const keys = (count: number): string[] => Array.from({ length: count }, (_, n) => `key ${n}`);

  test('removes what is over, bit by bit, and leaves the rest', async () => {
    const { sessions, store, take, cut, steps } = startSweep();
    take(...keys(700).map((key) => ({ key })));
    take(...keys(10).map((key) => ({ key, sequence: 1, timestamp: 2 * DAY_MS })));
    cut();
    take({ key: 'now', timestamp: 32 * DAY_MS });
    let most = 0;
    for (let step = 0; step < 20; step++) {
      await steps(1);
      most = Math.max(most, sessions.dirtyFields);
      cut();
    }
    expect(most).toBeLessThanOrEqual(201);
    expect(new Set(store.keys())).toEqual(new Set([...keys(10), 'now'].map((key) => sessionField(key, 's'))));
  });

  test('begins once a day of the log', async () => {
    const { take, steps, sweeps } = startSweep();
    await steps(3);
    take({ timestamp: DAY_MS - 1 });
    await steps(3);
    expect(sweeps()).toBe(0);
    take({ sequence: 1, timestamp: DAY_MS });
    await steps(5);
    expect(sweeps()).toBe(1);
    take({ sequence: 2, timestamp: 5 * DAY_MS });
    await steps(5);
    expect(sweeps()).toBe(2);
  });

  test('is not seen by a record that another broker stamped a little earlier', async () => {
    const { store, take, cut, steps } = startSweep();
    take({});
    cut();
    take({ key: 'now', timestamp: 30 * DAY_MS + 3_600_000 });
    await steps(5);
    cut();
    expect(store.has(sessionField('k', 's'))).toBe(true);
    expect(take({ timestamp: 30 * DAY_MS - 3_600_000 })).toEqual([false]);
  });

  test('keeps a session that began anew after its page was read', async () => {
    const { store, take, cut, steps } = startSweep();
    take({});
    cut();
    take({ key: 'now', timestamp: 40 * DAY_MS });
    const old = new Map(store);
    await steps(1);
    take({ sequence: 7, timestamp: 40 * DAY_MS });
    await steps(3);
    cut();
    expect(old.get(sessionField('k', 's'))).toBe('0,0');
    expect(store.get(sessionField('k', 's'))).toBe(`7,${40 * DAY_MS},7-1`);
  });
});
