import { describe, expect, test } from '@jest/globals';
import type { ModuleReducer } from '../../services/shared/module.ts';
import { states } from '../../services/shared/reducer-api.ts';
import type { DecodedEvent } from '../../services/worker/decode.ts';
import type { Entry } from '../../services/worker/entry.ts';
import { fold } from '../../services/worker/fold.ts';
import { createGrowth } from '../../services/worker/growth.ts';
import { createStateCache, type StateCache } from '../../services/worker/state-cache.ts';
import { event, moduleReducer } from '../support/folding.ts';

interface Counted {
  readonly n: number;
}

const policy = {
  maxStateBytes: 10_000,
  call: (entry: Entry, given: DecodedEvent) => entry.reducer.reduce(given.fresh(), entry.value),
  budget: async <T>(promise: Promise<T>) => ({ kind: 'done', value: await promise }) as const,
};
const counting: ModuleReducer = moduleReducer<Counted>({ n: 0 }, (_, { n }) => ({ n: n + 1 }));
const split: ModuleReducer = moduleReducer<Counted>({ n: 0 }, (_, { n }) =>
  states({ n: n + 1 }, { shown: n + 1 }),
);

function createHouse(maxBytes = 1_000_000, reducers = [counting], growth = createGrowth()) {
  const cache = createStateCache({ reducers, policy: policy as never, maxBytes: () => maxBytes, growth });
  const stored = new Map<string, string>();
  let offset = 0;

  const load = (...keys: string[]): void => {
    const wanted = keys.map((key) => ({ index: 0, key }));
    cache.fill(
      wanted,
      cache.fieldsOf(wanted).map((field) => stored.get(field) ?? null),
    );
  };
  const add = (key: string): void => {
    if (cache.get(0, key) === undefined) load(key);
    const entry = cache.get(0, key)!;
    void fold(entry, event({}, offset++), policy as never);
    cache.touch(entry, 100);
  };
  const cut = async (of: StateCache = cache): Promise<ReadonlyMap<string, string | null>> => {
    const written = new Map<string, string | null>();
    for (const entry of of.takeDirty()) {
      await of.check(entry);
      of.write(entry, { states: written, lengths: new Map() });
    }
    for (const [field, text] of written) if (text !== null) stored.set(field, text);
    return written;
  };
  return { cache, load, add, cut };
}

const field = (key: string): string => `Internal,m.r,${key}`;
const keys = (count: number): string[] => Array.from({ length: count }, (_, n) => `STUDENT:${n}`);
const namesOf = (count: number): number => keys(count).map(field).join('').length;

describe('the states in memory', () => {
  test('are read each with its two fields', () => {
    const { cache, load } = createHouse();
    const wanted = ['a', 'b'].map((key) => ({ index: 0, key }));
    expect(cache.fieldsOf(wanted)).toEqual([field('a'), 'External,m.r,a', field('b'), 'External,m.r,b']);
    load('a', 'b');
    expect(cache.get(0, 'a')).toBeDefined();
    expect(cache.get(0, 'c')).toBeUndefined();
  });

  test('are written once a cut, those that changed', async () => {
    const { load, add, cut } = createHouse();
    load('c');
    for (const key of ['a', 'b', 'a', 'a']) add(key);
    expect(await cut()).toEqual(
      new Map([
        [field('a'), '{"n":3}'],
        [field('b'), '{"n":1}'],
      ]),
    );
    expect((await cut()).size).toBe(0);
    add('b');
    expect(await cut()).toEqual(new Map([[field('b'), '{"n":2}']]));
  });

  test('tell how many fields a checkpoint will hold, before it is cut', async () => {
    for (const [reducer, most] of [
      [counting, 1],
      [split, 2],
    ] as const) {
      const { cache, add, cut } = createHouse(1_000_000, [reducer]);
      expect(cache.dirtyFields).toBe(0);
      for (const key of ['a', 'b', 'a']) add(key);
      expect(cache.dirtyFields).toBe(2 * most);
      expect((await cut()).size).toBe(2 * most);
      expect(cache.dirtyFields).toBe(0);
    }
  });

  test('tell about how many bytes it will hold, and learn from what it was', async () => {
    const swelling = moduleReducer<{ text: string }>({ text: '' }, () => ({ text: 'x'.repeat(5_000) }));
    const { cache, add, cut } = createHouse(1_000_000, [swelling]);
    add('a');
    expect(cache.dirtyBytes).toBe(100 + field('a').length);
    await cut();
    expect(cache.dirtyBytes).toBe(0);
    await cut();
    for (const key of ['b', 'c']) add(key);
    expect(cache.dirtyBytes).toBeGreaterThan(5_000);
  });
});

describe('how much small events grow to', () => {
  const swelling = moduleReducer<{ text: string }>({ text: '' }, () => ({ text: 'x'.repeat(5_000) }));

  test('is known before the first checkpoint, once a few states changed', () => {
    const { cache, add } = createHouse(1_000_000, [swelling]);
    for (const key of keys(15)) add(key);
    expect(cache.dirtyBytes).toBe(1_500 + namesOf(15));
    for (const key of keys(100).slice(15)) add(key);
    expect(cache.dirtyBytes).toBeGreaterThan(100 * 5_000);
    expect(cache.dirtyBytes).toBeLessThan(130 * 5_000);
  });

  test('counts what is for queries, too', () => {
    const shown = moduleReducer(0, () => states(1, { text: 'x'.repeat(5_000) }));
    const { cache, add } = createHouse(1_000_000, [shown]);
    for (const key of keys(20)) add(key);
    expect(cache.dirtyBytes).toBeGreaterThan(20 * 5_000);
  });

  test('makes nothing of states that are no larger than what they were made of', () => {
    const { cache, add } = createHouse();
    for (const key of keys(100)) add(key);
    expect(cache.dirtyBytes).toBe(10_000 + namesOf(100));
  });

  test('is still known when the unit is claimed again, though what was written was not stored', async () => {
    const growth = createGrowth();
    const before = createHouse(1_000_000, [swelling], growth);
    for (const key of keys(5)) before.add(key);
    await before.cut();
    const { cache, add } = createHouse(1_000_000, [swelling], growth);
    for (const key of keys(5)) add(key);
    expect(cache.dirtyBytes).toBeGreaterThan(5 * 5_000);
  });
});

describe('memory is bounded', () => {
  test('what was used longest ago goes, until an eighth is free', async () => {
    const { cache, load, add, cut } = createHouse(20_000);
    const all = keys(60);
    load(...all);
    expect(cache.isOverBudget()).toBe(true);
    cache.evict();
    const left = all.filter((key) => cache.get(0, key) !== undefined);
    expect(left.length).toBeGreaterThan(20);
    expect(left.length).toBeLessThan(40);
    expect(cache.isOverBudget()).toBe(false);
    add(left[0]!);
    await cut();
    load(...keys(90).slice(60));
    cache.evict();
    expect(cache.isOverBudget()).toBe(false);
  });

  test('what changed stays until it is stored', async () => {
    const { cache, add, cut } = createHouse(5_000);
    const all = keys(40);
    for (const key of all) add(key);
    cache.evict();
    expect(all.every((key) => cache.get(0, key) !== undefined)).toBe(true);
    await cut();
    // Its checkpoint is on its way.
    cache.evict(1);
    expect(all.every((key) => cache.get(0, key) !== undefined)).toBe(true);
    cache.evict(0);
    cache.evict(0);
    expect(all.every((key) => cache.get(0, key) !== undefined)).toBe(false);
    expect(cache.isOverBudget()).toBe(false);
  });

  test('a state that was dropped goes on from what is stored', async () => {
    const { cache, add, cut } = createHouse(3_000);
    for (let round = 1; round <= 3; round++) {
      for (const key of keys(30)) add(key);
      const written = await cut();
      for (const key of keys(30)) expect(written.get(field(key))).toBe(`{"n":${round}}`);
      cache.evict();
      cache.evict();
      expect(keys(30).some((key) => cache.get(0, key) === undefined)).toBe(true);
    }
  });
});
