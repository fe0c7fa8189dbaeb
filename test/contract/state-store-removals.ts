import { describe, expect, test } from '@jest/globals';
import type { Unit } from '../../services/shared/state/port.ts';
import { collect } from '../support/collect.ts';
import { checkpoint, FACTS, LOG_END, POSITION, type Subject } from './state-store-checkpoints.ts';

export function removalContract(subject: () => Subject): void {
  describe('its removals', () => {
    const LONG = 'x'.repeat(3_000);
    const letterOf = ({ topic, partition }: Unit) => ({
      reducer: 'm.r',
      version: 1,
      topic,
      partition,
      offset: 1,
      reason: 'r',
    });
    /** With so many states, one of a long name, and a dead letter. */
    const filled = async (unit: Unit, count = 1): Promise<Unit> => {
      const { store } = subject();
      await store.claim(unit, 'me', FACTS, LOG_END);
      const states = Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, `v${n}`]));
      const step = { token: 'me', expected: null, next: 10, deadLetters: [letterOf(unit)], completeAt: 3 };
      await store.checkpoint(unit, checkpoint(step, { ...states, [LONG]: 'long' }));
      return unit;
    };
    const contents = async (unit: Unit) => {
      const { store } = subject();
      return {
        position: await store.position(unit),
        states: (await collect(store.entries(unit))).length,
        read: await store.readMany(unit, ['f0', LONG]),
        letters: [...(await collect(store.deadLetters(unit))), ...(await store.deadLetterKeys(unit))].length,
      };
    };
    const NOTHING = { position: null, states: 0, read: [null, null], letters: 0 };

    test('a removed unit has nothing, and its owner writes no more', async () => {
      const { store, newUnit } = subject();
      const unit = await filled(newUnit(), 3_500);
      await store.remove(unit);
      expect(await contents(unit)).toEqual(NOTHING);
      const late = await store.checkpoint(
        unit,
        checkpoint({ token: 'me', expected: 10, next: 11 }, { f0: 'late' }),
      );
      expect(late).toEqual({ status: 'refused', because: 'token', stored: null });
      expect(await store.mark(unit, 'me', { reducer: 'm.r', offset: 10 })).toBe(false);
      expect(await contents(unit)).toEqual(NOTHING);
      await store.remove(unit);
      await store.remove(newUnit());
    });

    test('others keep what they have', async () => {
      const { store, newUnit } = subject();
      const unit = newUnit();
      const others = [
        { ...unit, module: 'contract.v2' },
        { ...unit, partition: 4 },
        { ...unit, topic: `${unit.topic}x` },
      ];
      for (const one of [unit, ...others]) await filled(one);
      await store.remove(unit);
      for (const other of others) expect(await contents(other)).toMatchObject({ states: 2, letters: 2 });
    });

    test('a unit that is claimed again begins anew, and shares nothing with those that came since', async () => {
      const { store, newUnit } = subject();
      const unit = await filled(newUnit());
      await store.remove(unit);
      const newcomer = await filled(newUnit());
      const facts = { ...FACTS, reducersHash: 'another' };
      expect(await store.claim(unit, 'next', facts, 7)).toEqual({
        next: null,
        facts,
        anchor: null,
        target: 7,
        claims: 1,
        attempt: null,
      });
      await store.checkpoint(unit, checkpoint({ token: 'next', expected: null, next: 1 }, { f0: 'new' }));
      expect(await store.position(unit)).toEqual({ ...POSITION, next: 1, target: 7, caughtUpAt: null });
      expect(await contents(unit)).toMatchObject({ states: 1, read: ['new', null], letters: 0 });
      expect(await contents(newcomer)).toMatchObject({ states: 2, read: ['v0', 'long'], letters: 2 });
    });
  });
}
