import { expect, test } from '@jest/globals';
import type { ModuleReducer } from '../../services/shared/module.ts';
import { stateField } from '../../services/shared/state-key.ts';
import { createGrowth } from '../../services/worker/growth.ts';
import type { Item } from '../../services/worker/intake.ts';
import { createLoadEntries } from '../../services/worker/load-entries.ts';
import { createReadSize } from '../../services/worker/read-size.ts';
import { createStateCache } from '../../services/worker/state-cache.ts';
import { moduleReducer } from '../support/folding.ts';

const MIB = 1_048_576;

/** Loads what items with such keys need, as a unit does, out of a store in which every state has so many characters. */
function createHouse(
  lengthOf: (key: string) => number | null,
  reducers: readonly ModuleReducer[],
  { readSize = createReadSize(), mostInTime = Number.POSITIVE_INFINITY } = {},
) {
  const reads: { readonly states: number; readonly length: number }[] = [];
  const cache = createStateCache({
    reducers,
    policy: {} as never,
    maxBytes: () => 1e9,
    growth: createGrowth(),
  });
  const load = createLoadEntries({
    cache,
    readSize,
    sessions: { missing: () => [], fill: () => undefined },
    async readMany(fields) {
      const texts = fields.map((field) => {
        const [scope, , key] = field.split(',');
        const length = scope === 'Internal' ? lengthOf(key!) : null;
        return length === null ? null : JSON.stringify('x'.repeat(length));
      });
      reads.push({
        states: fields.length / 2,
        length: texts.reduce((sum, text) => sum + (text?.length ?? 0), 0),
      });
      if (reads.at(-1)!.length > mostInTime) throw new Error('no answer in time');
      return texts;
    },
  });
  const batch = async (keys: readonly string[]): Promise<void> => {
    const items = keys.map((key) => ({ keys: reducers.map(() => key) }) as unknown as Item);
    const all: unknown[] = [];
    while (all.length < items.length) {
      const { entries } = await load(items, all.length);
      expect(entries.length).toBeGreaterThan(0);
      all.push(...entries);
    }
    for (const [at, entries] of all.entries())
      expect(entries).toEqual(reducers.map((_, index) => cache.get(index, keys[at]!)));
  };
  return { batch, reads };
}

const keys = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `STUDENT:${from + n}`);
const one = [moduleReducer('', (_, state) => state)];

test('small states are read in one round trip a batch, soon after the claim', async () => {
  const { batch, reads } = createHouse(() => 1_000, one);
  await batch(keys(0, 1_300));
  expect(reads.length).toBeLessThanOrEqual(5);
  reads.length = 0;
  await batch(keys(1_300, 1_300));
  expect(reads).toHaveLength(1);
  expect(reads[0]!.states).toBe(1_300);
});

test('large states come about 4 MiB at a time, whatever the batch needs', async () => {
  const { batch, reads } = createHouse(() => 200_000, one);
  await batch(keys(0, 300));
  for (const { length } of reads) expect(length).toBeLessThan(4.1 * MIB);
  expect(reads.length).toBeLessThan(20);
});

test('the first read asks for few, since nothing is known of how large they are', async () => {
  const { batch, reads } = createHouse(() => MIB - 2, one);
  await batch(keys(0, 20));
  for (const { length } of reads) expect(length).toBeLessThanOrEqual(8 * MIB);
});

test('what is too much for an answer in time is asked for in smaller parts, also by the next claim', async () => {
  const lengthOf = (key: string) => (Number(key.split(':')[1]) < 100 ? null : 200_000);
  const readSize = createReadSize();
  const failures: number[] = [];
  for (let claim = 0; claim < 10; claim++) {
    const { batch, reads } = createHouse(lengthOf, one, { readSize, mostInTime: 6 * MIB });
    const isDone = await batch(keys(0, 400)).then(
      () => true,
      () => false,
    );
    if (isDone) break;
    failures.push(reads.at(-1)!.length);
  }
  expect(failures.length).toBeGreaterThan(0);
  expect(failures.length).toBeLessThan(6);
});

test('an event whose reducers need more than a read should give is not divided', async () => {
  const twenty = Array.from({ length: 20 }, (_, n) => ({ ...one[0]!, id: `m.r${n}` }));
  const { batch, reads } = createHouse(() => 100, twenty);
  await batch(keys(0, 3));
  expect(reads[0]!.states).toBe(20);
});

test('a state that several events want is read once, with its two fields, for all of them', async () => {
  const asked: string[] = [];
  const cache = createStateCache({
    reducers: one,
    policy: {} as never,
    maxBytes: () => 1e9,
    growth: createGrowth(),
  });
  const load = createLoadEntries({
    cache,
    readSize: createReadSize(),
    sessions: { missing: () => [], fill: () => undefined },
    async readMany(fields) {
      asked.push(...fields);
      return fields.map(() => null);
    },
  });
  const items = ['a', 'b', 'a', null].map((key) => ({ keys: [key] }) as unknown as Item);
  const { entries } = await load(items, 0);
  const fields = (key: string) => [stateField('Internal', 'm.r', key), stateField('External', 'm.r', key)];
  expect(asked).toEqual([...fields('a'), ...fields('b')]);
  expect(entries[0]![0]).toBe(entries[2]![0]);
  expect(entries[3]).toEqual([null]);
  await load(items, 0);
  expect(asked).toHaveLength(4);
});
