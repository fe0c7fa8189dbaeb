import { describe, expect, test } from '@jest/globals';
import type { Hint, StateStore, Unit } from '../../services/shared/state/port.ts';
import { waitFor } from '../support/wait.ts';

interface Subject {
  readonly store: StateStore;
  readonly newUnit: () => Unit;
}

export function hintContract(subject: () => Subject): void {
  describe('its change hints', () => {
    /** A hint may be lost while nobody was known to watch, so it is told until it is heard. */
    const tellUntil = (message: string, hint: Hint, condition: () => boolean) =>
      waitFor(
        async () => {
          await subject().store.announce(hint);
          return condition();
        },
        { message },
      );

    test('go to all who watch, whole, and to nobody who stopped', async () => {
      const { store, newUnit } = subject();
      const [unit, last] = [newUnit(), newUnit()];
      const [first, second]: [Hint[], Hint[]] = [[], []];
      const stopFirst = await store.watch((hint) => first.push(hint));
      const stopSecond = await store.watch((hint) => second.push(hint));
      const hint = { unit, fields: ['a', 'STUDENT:学生,"x"'] };
      await tellUntil('both heard', hint, () => first.length > 0 && second.length > 0);
      expect(first[0]).toEqual(hint);
      expect(second[0]).toEqual(hint);

      await stopFirst();
      const heard = first.length;
      await tellUntil('the other heard', { unit: last, fields: ['b'] }, () =>
        second.some((one) => one.unit.topic === last.topic),
      );
      expect(first.length).toBe(heard);
      await stopSecond();
    });

    test('of many fields come complete', async () => {
      const { store, newUnit } = subject();
      const fields = Array.from({ length: 2_500 }, (_, n) => `field-${n}`);
      const heard = new Set<string>();
      const stop = await store.watch((hint) => {
        for (const field of hint.fields) heard.add(field);
      });
      await tellUntil('all fields came', { unit: newUnit(), fields }, () => heard.size === fields.length);
      await stop();
    });

    test('are nothing while nobody watches', async () => {
      const { store, newUnit } = subject();
      await store.announce({ unit: newUnit(), fields: ['a'] });
      await store.announce({ unit: newUnit(), fields: [] });
    });
  });
}
