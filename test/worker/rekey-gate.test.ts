import { describe, expect, test } from '@jest/globals';
import type { Unit } from '../../services/shared/state/port.ts';
import { isRebuilding, passRekeyGate } from '../../services/worker/rekey-gate.ts';
import { createMemoryState } from '../support/memory-state.ts';
import { NO_CHANGES } from '../support/no-changes.ts';

const SOURCE = { topic: 's', partition: 1 };
const unitOf = (partition: number): Unit => ({ module: 'm.v1', topic: 'r', partition });
const FACTS = { formatVersion: 2, partitions: 3, reducersHash: 'h' };

/** A rekey topic of three partitions with so many records, and the store of its units. */
function createHouse(ends: readonly number[]) {
  const { store } = createMemoryState();
  const waits: string[] = [];
  let slept = 0;
  let asked = 0;
  /** What happens while the gate sleeps, in turn; after the last it is not wanted any more. */
  const happenings: (() => Promise<void>)[] = [];
  return {
    waits,
    happenings,
    slept: () => slept,
    asked: () => asked,
    async move(partition: number, next: number, fields: Readonly<Record<string, string>> = {}) {
      const unit = unitOf(partition);
      const { next: expected } = await store.claim(unit, 'owner', FACTS, 0);
      const states = new Map(Object.entries(fields));
      await store.checkpoint(unit, {
        token: 'owner',
        expected,
        next,
        ...NO_CHANGES,
        states,
      });
    },
    pass(wanted = (): boolean => true) {
      let given = true;
      return passRekeyGate(
        {
          moduleId: 'm.v1',
          rekeyTopic: 'r',
          log: {
            offsets: async () => ends.map((end, partition) => ({ partition, start: 0, end })),
          },
          state: {
            ...store,
            position(unit) {
              asked += 1;
              return store.position(unit);
            },
          },
          clock: {
            async sleep() {
              slept += 1;
              const happening = happenings.shift();
              if (happening === undefined) given = false;
              else await happening();
            },
          },
        },
        SOURCE,
        () => given && wanted(),
        (what) => void waits.push(what),
      );
    },
  };
}

describe('a source unit that rebuilds', () => {
  test('waits until every rekey unit has what its partition holds, and says for which', async () => {
    const { move, pass, happenings, waits, slept } = createHouse([5, 0, 9]);
    await move(0, 3);
    happenings.push(
      () => move(0, 4),
      () => move(0, 5),
      () => move(2, 8),
      () => move(2, 11),
    );
    expect(await pass()).toEqual([null, null, null]);
    expect(slept()).toBe(4);
    expect(waits).toEqual([
      'waits for r/0, which is rebuilt first: 3 of 5',
      'waits for r/0, which is rebuilt first: 4 of 5',
      'waits for r/2, which is rebuilt first: 0 of 9',
      'waits for r/2, which is rebuilt first: 8 of 9',
    ]);
  });

  test('gets the marks of its own partition, which the rekey units have by then', async () => {
    const { move, pass, happenings } = createHouse([5, 0, 9]);
    await move(0, 4, { 'Mark,s/1': '3,0' });
    await move(2, 9, { 'Mark,s/0': '70,0', 'Mark,other/1': '80,1' });
    happenings.push(() => move(0, 5, { 'Mark,s/1': '8,2' }));
    expect(await pass()).toEqual([{ offset: 8, n: 2 }, null, null]);
  });

  test('of a module whose rekey topic is empty does not wait', async () => {
    const { pass, slept, asked } = createHouse([0, 0, 0]);
    expect(await pass()).toEqual([null, null, null]);
    expect([slept(), asked()]).toEqual([0, 0]);
  });

  test('gives up when the unit is not wanted any more', async () => {
    const { pass, happenings, slept, move } = createHouse([5, 0, 9]);
    happenings.push(() => move(0, 1));
    expect(await pass()).toBeNull();
    expect(slept()).toBe(2);
  });

  test('gives up also when it waited for nothing', async () => {
    const { pass, move } = createHouse([5, 0, 0]);
    await move(0, 5);
    expect(await pass(() => false)).toBeNull();
    expect(await createHouse([0, 0, 0]).pass(() => false)).toBeNull();
  });
});

describe('a claim', () => {
  const claim = { facts: FACTS, anchor: null, claims: 1, attempt: null };

  test.each([
    ['that found no position rebuilds', null, 10, true],
    ['that found no position, and nothing in the log, rebuilds', null, 0, true],
    ['below its target rebuilds', 9, 10, true],
    ['at its target goes on', 10, 10, false],
    ['without a target goes on', 3, null, false],
  ])('%s', (_name, next, target, expected) => {
    expect(isRebuilding({ ...claim, next, target })).toBe(expected);
  });
});
