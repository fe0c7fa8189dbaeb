import { describe, expect, test } from '@jest/globals';
import type { Unit } from '../../services/shared/state/port.ts';
import { collect } from '../support/collect.ts';
import { checkpoint, FACTS, LOG_END, type Subject } from './state-store-checkpoints.ts';

export function lengthContract(subject: () => Subject): void {
  describe('its checkpoints that go on from what is stored', () => {
    const letterOf = ({ topic, partition }: Unit, offset: number) => ({
      reducer: 'm.r',
      version: 1,
      topic,
      partition,
      offset,
      reason: 'r',
    });
    /** With two lists of two items, one of them long, and a dead letter. */
    const claimed = async (): Promise<Unit> => {
      const { store, newUnit } = subject();
      const unit = newUnit();
      await store.claim(unit, 'me', FACTS, LOG_END);
      const first = {
        token: 'me',
        expected: null,
        next: 10,
        caughtUpAt: 1,
        deadLetters: [letterOf(unit, 1)],
      };
      const states = { a: '2:[1,2]', 'b,"ü"': `2:[1,"${'ü'.repeat(10_000)}"]`, empty: '' };
      await store.checkpoint(unit, checkpoint(first, states));
      return unit;
    };
    const save = (
      unit: Unit,
      lengths: Readonly<Record<string, string | null>>,
      given: { readonly expected?: number; readonly next?: number; readonly token?: string } = {},
    ) =>
      subject().store.checkpoint(
        unit,
        checkpoint(
          {
            token: 'me',
            expected: 10,
            next: 20,
            caughtUpAt: 2,
            anchor: { offset: 19, timestamp: 1, id: 'x' },
            closed: [letterOf(unit, 1)],
            deadLetters: [letterOf(unit, 2)],
            ...given,
            lengths: new Map(Object.entries(lengths)),
          },
          { a: '3:[3]', 'a,PART:0': '[1,2]', c: '1:[1]', empty: null },
        ),
      );
    const contents = async (unit: Unit) => {
      const { store } = subject();
      return {
        states: new Map((await collect(store.entries(unit))).map(({ field, value }) => [field, value])),
        letters: await store.deadLetterKeys(unit),
        position: await store.position(unit),
        claim: await store.claim(unit, 'me', FACTS, LOG_END),
      };
    };

    test('are written when the texts begin as they should, or are not there yet', async () => {
      const unit = await claimed();
      const lengths = { a: '2:', 'b,"ü"': '2:[1,"ü', c: null, 'never written': null };
      expect(await save(unit, lengths)).toEqual({ status: 'done' });
      const { states, letters, position } = await contents(unit);
      expect(states.get('a')).toBe('3:[3]');
      expect(states.get('a,PART:0')).toBe('[1,2]');
      expect(letters).toEqual([{ reducer: 'm.r', offset: 2 }]);
      expect(position).toMatchObject({ next: 20, caughtUpAt: 2 });
    });

    test.each<[string, Readonly<Record<string, string | null>>, string]>([
      ['is shorter', { a: '3:' }, 'a'],
      ['is longer', { a: '1:' }, 'a'],
      ['is a part of what is expected', { a: '2:[1,2],' }, 'a'],
      ['is there, and should not be', { c: null, a: null }, 'a'],
      ['is empty, and should not be there', { empty: null }, 'empty'],
      ['is missing', { a: '2:', c: '1:' }, 'c'],
      ['differs far behind', { 'b,"ü"': `2:[1,"${'ü'.repeat(9_999)}u` }, 'b,"ü"'],
    ])('are told, and change nothing, when a text %s', async (_, lengths, field) => {
      const unit = await claimed();
      const before = await contents(unit);
      expect(await save(unit, lengths)).toEqual({ status: 'altered', field });
      expect(await contents(unit)).toEqual(before);
    });

    test('expect what the one before them wrote, though both were sent at once', async () => {
      const unit = await claimed();
      const replies = await Promise.all([
        save(unit, { a: '2:', c: null }),
        save(unit, { a: '3:', c: '1:' }, { expected: 20, next: 30 }),
      ]);
      expect(replies).toEqual([{ status: 'done' }, { status: 'done' }]);
    });

    test('are known when they are sent again, whatever is stored since', async () => {
      const unit = await claimed();
      await save(unit, { a: '2:', c: null });
      expect(await save(unit, { a: '2:', c: null })).toEqual({ status: 'repeated' });
    });

    test('are refused for their owner or offset first, which another claim mends', async () => {
      const unit = await claimed();
      const wrong = { a: 'wrong' };
      expect(await save(unit, wrong, { token: 'other' })).toMatchObject({ because: 'token' });
      expect(await save(unit, wrong, { expected: 11 })).toMatchObject({ because: 'offset' });
    });
  });
}
