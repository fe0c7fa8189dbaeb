import { describe, expect, test } from '@jest/globals';
import type { Unit } from '../../services/shared/state/port.ts';
import { collect } from '../support/collect.ts';
import { checkpoint, FACTS, LOG_END, POSITION, type Subject } from './state-store-checkpoints.ts';

export function resetContract(subject: () => Subject): void {
  describe('a reset', () => {
    const filled = async (): Promise<Unit> => {
      const { store, newUnit } = subject();
      const unit = newUnit();
      await store.claim(unit, 'me', FACTS, LOG_END);
      const { topic, partition } = unit;
      const deadLetters = [{ reducer: 'm.r', version: 1, topic, partition, offset: 3, reason: 'r' }];
      const anchor = { offset: 8, timestamp: 7, id: 'x' };
      const given = {
        token: 'me',
        expected: null,
        next: 9,
        deadLetters,
        anchor,
        caughtUpAt: 5,
        completeAt: 4,
      };
      const states = Object.fromEntries(Array.from({ length: 2_500 }, (_, n) => [`f${n}`, 'x']));
      await store.checkpoint(unit, checkpoint(given, states));
      return unit;
    };

    test('leaves a unit without states, dead letters and position, and others as they were', async () => {
      const { store } = subject();
      const [unit, other] = [await filled(), await filled()];
      expect(await store.reset(unit, 'me')).toBe(true);
      expect(await collect(store.entries(unit))).toEqual([]);
      expect(await store.deadLetterKeys(unit)).toEqual([]);
      expect(await store.position(unit)).toEqual({ ...POSITION, next: null, target: null, caughtUpAt: null });
      expect(await collect(store.entries(other))).toHaveLength(2_500);
      expect((await store.position(other))!.next).toBe(9);
    });

    test('has the next claim begin anew, up to the end of the log of then', async () => {
      const { store } = subject();
      const unit = await filled();
      await store.reset(unit, 'me');
      const claim = { next: null, facts: FACTS, anchor: null, target: 77, claims: 1, attempt: null };
      expect(await store.claim(unit, 'you', FACTS, 77)).toEqual(claim);
      const first = checkpoint({ token: 'you', expected: null, next: 2 }, { f: '1' });
      expect(await store.checkpoint(unit, first)).toEqual({ status: 'done' });
      expect(await collect(store.entries(unit))).toEqual([{ field: 'f', value: '1' }]);
    });

    test('refuses what its owner still had on the way, which follows an offset that is gone', async () => {
      const { store } = subject();
      const unit = await filled();
      await store.reset(unit, 'me');
      const late = checkpoint({ token: 'me', expected: 9, next: 10 }, { f: '1' });
      expect(await store.checkpoint(unit, late)).toMatchObject({ status: 'refused' });
      expect(await collect(store.entries(unit))).toEqual([]);
    });

    test('of somebody who is not the owner, or of a unit that nobody claimed, changes nothing', async () => {
      const { store, newUnit } = subject();
      const unit = await filled();
      expect(await store.reset(unit, 'you')).toBe(false);
      expect(await collect(store.entries(unit))).toHaveLength(2_500);
      const unknown = newUnit();
      expect(await store.reset(unknown, 'me')).toBe(false);
      expect(await store.position(unknown)).toBeNull();
    });
  });
}
