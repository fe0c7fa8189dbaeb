import { describe, expect, test } from '@jest/globals';
import type {
  DeadLetter,
  DeadLetterCopy,
  DeadLetterKey,
  OpenDeadLetter,
  Unit,
} from '../../services/shared/state/port.ts';
import { collect } from '../support/collect.ts';
import { checkpoint, FACTS, LOG_END, type Subject } from './state-store-checkpoints.ts';

const MOST = 9_007_199_254_740_991;

export function deadLetterContract(subject: () => Subject): void {
  describe('its dead letters', () => {
    const claimed = async (): Promise<Unit> => {
      const unit = subject().newUnit();
      await subject().store.claim(unit, 'me', FACTS, LOG_END);
      return unit;
    };
    const letterOf = (unit: Unit, offset: number, given: Partial<DeadLetter> = {}): DeadLetter => ({
      reducer: 'm.r',
      version: 1,
      topic: unit.topic,
      partition: unit.partition,
      offset,
      reason: 'it threw: "ü"\nand {"copy": 1}',
      stack: 'Error\n  at x',
      ...given,
    });
    const open = (letter: DeadLetter): OpenDeadLetter => ({ ...letter, copy: null });
    const copied = ({ reason, stack, ...stays }: DeadLetter, copy: DeadLetterCopy): OpenDeadLetter => ({
      ...stays,
      copy,
    });
    /** One checkpoint, from wherever the unit is. */
    const save = async (
      unit: Unit,
      deadLetters: readonly DeadLetter[],
      closed: readonly DeadLetterKey[] = [],
    ): Promise<void> => {
      const { store } = subject();
      const expected = (await store.position(unit))!.next;
      const next = (expected ?? 0) + 1;
      const step = checkpoint({ token: 'me', expected, next, deadLetters, closed });
      expect(await store.checkpoint(unit, step)).toEqual({ status: 'done' });
    };
    const byKey = (a: DeadLetterKey, b: DeadLetterKey): number =>
      a.offset - b.offset || a.reducer.localeCompare(b.reducer);
    const all = async (unit: Unit): Promise<readonly OpenDeadLetter[]> =>
      (await collect(subject().store.deadLetters(unit))).sort(byKey);
    const keys = async (unit: Unit): Promise<readonly DeadLetterKey[]> =>
      [...(await subject().store.deadLetterKeys(unit))].sort(byKey);

    test('are kept with the checkpoint, each once, as they were given', async () => {
      const unit = await claimed();
      const { stack: _, ...bare } = letterOf(unit, 7);
      const letters = [
        letterOf(unit, 4),
        letterOf(unit, 4, { reducer: 'm.s', reason: '' }),
        bare,
        letterOf(unit, 8, { reducer: `m.${'x'.repeat(3_000)}`, version: 12 }),
        letterOf(unit, MOST, { reducer: 'm' }),
      ];
      await save(unit, letters.slice(0, 2));
      await save(unit, letters.slice(2));
      expect(await all(unit)).toEqual(letters.map(open));
      expect(await keys(unit)).toEqual(letters.map(({ reducer, offset }) => ({ reducer, offset })));
    });

    test('opened again say what they said last', async () => {
      const unit = await claimed();
      await save(unit, [letterOf(unit, 4), letterOf(unit, 5)]);
      const { stack: _, ...again } = letterOf(unit, 4, { reason: 'another', version: 2 });
      await save(unit, [again]);
      expect(await all(unit)).toEqual([open(again), open(letterOf(unit, 5))]);
    });

    test('are closed by name, also where none is open', async () => {
      const unit = await claimed();
      const long = `m.${'x'.repeat(3_000)}`;
      await save(unit, [
        letterOf(unit, 4),
        letterOf(unit, 4, { reducer: 'm.s' }),
        letterOf(unit, 5),
        letterOf(unit, 6, { reducer: long }),
      ]);
      await save(
        unit,
        [],
        [
          { reducer: 'm.r', offset: 4 },
          { reducer: long, offset: 6 },
          { reducer: 'm.r', offset: 99 },
        ],
      );
      expect(await keys(unit)).toEqual([
        { reducer: 'm.s', offset: 4 },
        { reducer: 'm.r', offset: 5 },
      ]);
      await save(unit, [letterOf(unit, 4)]);
      expect((await keys(unit)).length).toBe(3);
    });

    test('closed and opened by one checkpoint are open', async () => {
      const unit = await claimed();
      await save(unit, [letterOf(unit, 4)]);
      const again = letterOf(unit, 4, { reason: 'again' });
      await save(unit, [again], [again]);
      expect(await all(unit)).toEqual([open(again)]);
    });

    test('are opened and closed without moving the position, too', async () => {
      const { store } = subject();
      const unit = await claimed();
      await save(unit, [letterOf(unit, 0)]);
      const step = { token: 'me', expected: 1, next: 1, deadLetters: [letterOf(unit, 9)] };
      await store.checkpoint(unit, checkpoint({ ...step, closed: [letterOf(unit, 0)] }));
      expect(await keys(unit)).toEqual([{ reducer: 'm.r', offset: 9 }]);
    });

    test('come in pages of few, each once, however many there are', async () => {
      const unit = await claimed();
      const letters = Array.from({ length: 3_000 }, (_, n) => letterOf(unit, n));
      for (let at = 0; at < letters.length; at += 1_000) await save(unit, letters.slice(at, at + 1_000));
      const offsets: number[] = [];
      for await (const page of subject().store.deadLetters(unit)) {
        expect(page.length).toBeGreaterThan(0);
        expect(page.length).toBeLessThan(500);
        offsets.push(...page.map(({ offset }) => offset));
      }
      expect(offsets.sort((a, b) => a - b)).toEqual(letters.map(({ offset }) => offset));
      expect((await keys(unit)).map(({ offset }) => offset)).toEqual(offsets);
    });

    test('that were relayed say no more than where their copies are', async () => {
      const unit = await claimed();
      const long = `m.${'x'.repeat(3_000)}`;
      const letters = [
        letterOf(unit, 4),
        letterOf(unit, 5),
        letterOf(unit, 6, { reducer: long }),
        letterOf(unit, MOST),
      ];
      await save(unit, letters);
      const copy = { partition: 2, offset: MOST - 1 };
      await subject().store.relayed(unit, [
        { reducer: 'm.r', offset: 4, copy },
        { reducer: long, offset: 6, copy: { partition: 0, offset: 0 } },
        { reducer: 'm.r', offset: MOST, copy },
      ]);
      expect(await all(unit)).toEqual([
        copied(letters[0]!, copy),
        open(letters[1]!),
        copied(letters[2]!, { partition: 0, offset: 0 }),
        copied(letters[3]!, copy),
      ]);
      expect((await keys(unit)).length).toBe(4);
    });

    test('that were relayed twice have the later copy', async () => {
      const unit = await claimed();
      await save(unit, [letterOf(unit, 4)]);
      for (const offset of [10, 11])
        await subject().store.relayed(unit, [{ reducer: 'm.r', offset: 4, copy: { partition: 0, offset } }]);
      expect(await all(unit)).toEqual([copied(letterOf(unit, 4), { partition: 0, offset: 11 })]);
    });

    test('that were relayed and are opened again wait for a copy again', async () => {
      const unit = await claimed();
      await save(unit, [letterOf(unit, 4)]);
      const copy = { partition: 0, offset: 1 };
      await subject().store.relayed(unit, [{ reducer: 'm.r', offset: 4, copy }]);
      const again = letterOf(unit, 4, { reason: 'again' });
      await save(unit, [again]);
      expect(await all(unit)).toEqual([open(again)]);
    });

    test('that were closed meanwhile stay closed, and hold up none of the others', async () => {
      const unit = await claimed();
      const letters = Array.from({ length: 450 }, (_, n) => letterOf(unit, n));
      const kept = letters.filter(({ offset }) => offset % 3 === 0);
      const closed = letters.filter(({ offset }) => offset % 3 !== 0);
      await save(unit, letters);
      const copies = letters.map(({ reducer, offset }) => ({
        reducer,
        offset,
        copy: { partition: 1, offset },
      }));
      // At once, in either order, and once more when they are closed for certain.
      await Promise.all([save(unit, [], closed), subject().store.relayed(unit, copies)]);
      await subject().store.relayed(unit, copies);
      await subject().store.relayed(unit, []);
      expect(await all(unit)).toEqual(
        kept.map((letter) => copied(letter, { partition: 1, offset: letter.offset })),
      );
    });

    test('of one unit are not those of another', async () => {
      const [one, other] = [await claimed(), await claimed()];
      for (const unit of [one, other]) await save(unit, [letterOf(unit, 4), letterOf(unit, 5)]);
      await save(one, [], [letterOf(one, 4)]);
      await subject().store.relayed(one, [{ reducer: 'm.r', offset: 5, copy: { partition: 0, offset: 1 } }]);
      expect(await all(other)).toEqual([open(letterOf(other, 4)), open(letterOf(other, 5))]);
    });
  });
}
