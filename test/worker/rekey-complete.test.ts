import { expect, test } from '@jest/globals';
import { createLogger } from '../../services/shared/logger.ts';
import type { Checkpoint, Unit } from '../../services/shared/state/port.ts';
import { createRekeyComplete } from '../../services/worker/rekey-complete.ts';
import { createMemoryState } from '../support/memory-state.ts';
import { NO_CHANGES } from '../support/no-changes.ts';

const FACTS = { formatVersion: 2, partitions: 2, reducersHash: 'h' };
const unit: Unit = { module: 'm.v1', topic: 'rekey', partition: 1 };
const sources = [0, 1].map((partition): Unit => ({ module: 'm.v1', topic: 'source', partition }));

const checkpoint = (expected: number | null, next: number): Checkpoint => ({
  token: 'owner',
  expected,
  next,
  ...NO_CHANGES,
});

/** A rekey unit and its sources, each of which had ten events when it was claimed. */
async function createHouse() {
  const memory = createMemoryState();
  const { store } = memory;
  let now = 0;
  let end = 0;
  for (const one of [unit, ...sources]) await store.claim(one, 'owner', FACTS, one === unit ? 0 : 10);
  const open = () =>
    createRekeyComplete({
      unit,
      sources,
      log: {
        offsets: async () => [0, 1].map((partition) => ({ partition, start: 0, end: partition * end })),
      },
      state: store,
      clock: { now: () => now },
      logger: createLogger({ service: 'test', level: 'silent' }),
    })((given) => store.checkpoint(unit, given));
  let send = open();
  return {
    memory,
    claimAnew: () => {
      send = open();
    },
    append(count: number) {
      end += count;
    },
    reach: async (source: number, next: number) => {
      const expected = (await store.position(sources[source]!))!.next;
      await store.checkpoint(sources[source]!, checkpoint(expected, next));
    },
    /** A checkpoint of a second, and one that has what was found out during it. */
    async store(next: number) {
      now += 1_000;
      const before = (await store.position(unit))!.next;
      await send(checkpoint(before, next));
      await new Promise((resolve) => setImmediate(resolve));
      await send(checkpoint(next, next));
      return (await store.position(unit))!.completeAt;
    },
  };
}

test('a rekey unit is complete from the end on that its topic has when all its sources are at their targets', async () => {
  const house = await createHouse();
  expect(await house.store(0)).toBeNull();
  await house.reach(0, 10);
  await house.reach(1, 9);
  house.append(20);
  expect(await house.store(5)).toBeNull();
  await house.reach(1, 10);
  house.append(3);
  // It is never at the end, and need not be.
  expect(await house.store(6)).toBe(23);
});

test('that is found out once in the life of its states', async () => {
  const house = await createHouse();
  for (const source of [0, 1]) await house.reach(source, 12);
  house.append(4);
  expect(await house.store(1)).toBe(4);
  house.append(4);
  expect(await house.store(2)).toBe(4);
  house.claimAnew();
  expect(await house.store(3)).toBe(4);
});

test('checkpoints wait for nothing of it, and it is tried again', async () => {
  const house = await createHouse();
  for (const source of [0, 1]) await house.reach(source, 10);
  const { store } = house.memory;
  const { position } = store;
  Object.assign(store, { position: (of: Unit) => (of === unit ? position(of) : new Promise(() => {})) });
  expect(await house.store(1)).toBeNull();
  Object.assign(store, { position });
  house.claimAnew();
  Object.assign(store, {
    async position(of: Unit) {
      if (of === unit) return position(of);
      throw new Error('no answer');
    },
  });
  expect(await house.store(2)).toBeNull();
  Object.assign(store, { position });
  expect(await house.store(3)).toBe(0);
});
