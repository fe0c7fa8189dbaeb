import { describe, expect, test } from '@jest/globals';
import type { Checkpoint, StateStore, Unit, UnitFacts } from '../../services/shared/state/port.ts';
import { collect } from '../support/collect.ts';
import { NO_CHANGES } from '../support/no-changes.ts';

export interface Subject {
  readonly store: StateStore;
  readonly newUnit: () => Unit;
}

export const FACTS: UnitFacts = { formatVersion: 1, partitions: 8, reducersHash: 'abc' };
export const LOG_END = 500;
/** What is the same in the positions of all units that were claimed with these. */
export const POSITION = { target: LOG_END, completeAt: null, partitions: FACTS.partitions };

export function checkpoint(
  given: Pick<Checkpoint, 'token' | 'expected' | 'next'> & Partial<Omit<Checkpoint, 'states'>>,
  states: Readonly<Record<string, string | null>> = {},
): Checkpoint {
  return {
    ...NO_CHANGES,
    ...given,
    states: new Map(Object.entries(states)),
  };
}

export function checkpointContract(subject: () => Subject): void {
  describe('its checkpoints', () => {
    const claim = (unit: Unit, token: string) => subject().store.claim(unit, token, FACTS, LOG_END);
    const save = (unit: Unit, given: Checkpoint) => subject().store.checkpoint(unit, given);
    const position = (unit: Unit) => subject().store.position(unit);
    const claimed = async (token = 'me'): Promise<Unit> => {
      const unit = subject().newUnit();
      await claim(unit, token);
      return unit;
    };
    const one = async (unit: Unit) => (await subject().store.readMany(unit, ['f']))[0];

    test('checkpoints follow one another, write, overwrite and remove', async () => {
      const unit = await claimed();
      const steps: [number | null, number, Record<string, string | null>][] = [
        [null, 10, { a: '1', b: '{"x":[1,2]}', c: '' }],
        [10, 20, { a: '2', c: null, missing: null }],
        [20, 20, {}],
        [20, 9_007_199_254_740_991, { d: 'x' }],
      ];
      for (const [expected, next, states] of steps)
        expect(await save(unit, checkpoint({ token: 'me', expected, next }, states))).toEqual({
          status: 'done',
        });
      expect(await subject().store.readMany(unit, ['d', 'a', 'c', 'b', 'a'])).toEqual([
        'x',
        '2',
        null,
        '{"x":[1,2]}',
        '2',
      ]);
      expect((await position(unit))!.next).toBe(9_007_199_254_740_991);
    });

    test.each([1, 99, 100, 101, 1_000, 5_432])(
      'one of %d fields writes, removes, opens and closes all that it should',
      async (count) => {
        const { store } = subject();
        const unit = await claimed();
        const letterOf = (offset: number) => {
          const { topic, partition } = unit;
          return { reducer: 'm.r', version: 1, topic, partition, offset, reason: 'r' };
        };
        const old = Array.from({ length: count }, (_, n) => `old-${n}`);
        const first = { token: 'me', expected: null, next: 1, deadLetters: [letterOf(0), letterOf(1)] };
        await save(unit, checkpoint(first, Object.fromEntries(old.map((field) => [field, field]))));
        expect(await store.readMany(unit, old)).toEqual(old);
        const mixed = old.flatMap((field, n): [string, string | null][] => [
          [field, null],
          [`new-${n}`, `${n}`],
        ]);
        const second = {
          token: 'me',
          expected: 1,
          next: 2,
          deadLetters: [letterOf(2)],
          closed: [letterOf(1)],
        };
        expect(await save(unit, checkpoint(second, Object.fromEntries(mixed)))).toEqual({ status: 'done' });
        const left = new Map((await collect(store.entries(unit))).map(({ field, value }) => [field, value]));
        expect(left).toEqual(new Map(old.map((_, n) => [`new-${n}`, `${n}`])));
        const open = (await store.deadLetterKeys(unit)).map(({ offset }) => offset);
        expect(open.sort()).toEqual([0, 2]);
      },
    );

    test('texts come back as they were, whatever is in them', async () => {
      const { store } = subject();
      const unit = await claimed();
      const characters = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join('');
      const texts = [
        characters,
        '\u{1f600}\ufeff\uffff',
        '\\ud800 \\u0000 "\\"',
        '[[{}]]',
        '0x1p3',
        'a'.repeat(100_000),
      ];
      const states = Object.fromEntries(texts.map((text, n) => [`${text.slice(0, 500)}${n}`, text]));
      const letter = {
        reducer: texts[2]!,
        version: 1,
        topic: unit.topic,
        partition: unit.partition,
        offset: 7,
      };
      const deadLetters = [{ ...letter, reason: characters }];
      await save(unit, checkpoint({ token: 'me', expected: null, next: 8, deadLetters }, states));
      expect(await store.readMany(unit, Object.keys(states))).toEqual(texts);
      expect((await collect(store.deadLetters(unit))).flat()).toEqual([{ copy: null, ...deadLetters[0] }]);
    });

    test('an owner without events renews only the time of being caught up', async () => {
      const unit = await claimed();
      await save(unit, checkpoint({ token: 'me', expected: null, next: 0, caughtUpAt: 5 }));
      await save(unit, checkpoint({ token: 'me', expected: 0, next: 0, caughtUpAt: 6 }));
      await save(unit, checkpoint({ token: 'me', expected: 0, next: 3 }));
      expect(await position(unit)).toEqual({ ...POSITION, next: 3, caughtUpAt: 6 });
    });

    test('a command that is sent again changes nothing and is known', async () => {
      const unit = await claimed();
      const first = checkpoint({ token: 'me', expected: null, next: 10 }, { f: 'first' });
      const second = checkpoint({ token: 'me', expected: 10, next: 20 }, { f: 'second' });
      for (const step of [first, second]) expect(await save(unit, step)).toEqual({ status: 'done' });
      for (const step of [second, first]) expect(await save(unit, step)).toEqual({ status: 'repeated' });
      expect(await one(unit)).toBe('second');
      expect((await position(unit))!.next).toBe(20);
    });

    test('a token that another claim replaced is refused, whatever its offsets', async () => {
      const unit = await claimed('old');
      await save(unit, checkpoint({ token: 'old', expected: null, next: 10 }, { f: 'kept' }));
      await claim(unit, 'new');
      for (const [expected, next] of [
        [10, 20],
        [null, 10],
        [5, 10],
      ] as const) {
        const zombie = checkpoint({ token: 'old', expected, next }, { f: 'zombie' });
        expect(await save(unit, zombie)).toEqual({
          status: 'refused',
          because: 'token',
          stored: 10,
        });
      }
      expect(await one(unit)).toBe('kept');
      await save(unit, checkpoint({ token: 'new', expected: 10, next: 11 }, { f: 'new' }));
      expect(await one(unit)).toBe('new');
    });

    test('a store that lost its newest checkpoints says where it stands', async () => {
      const unit = await claimed();
      await save(unit, checkpoint({ token: 'me', expected: null, next: 10 }, { f: 'kept' }));
      const ahead = checkpoint({ token: 'me', expected: 30, next: 40 }, { f: 'ahead' });
      expect(await save(unit, ahead)).toEqual({
        status: 'refused',
        because: 'offset',
        stored: 10,
      });
      expect(await one(unit)).toBe('kept');
    });

    test('the anchor is the last one given', async () => {
      const unit = await claimed();
      const anchors = [
        { offset: 9, timestamp: 1_700_000_000_123, id: 'an id, "ü"\n' },
        null,
        { offset: 9_007_199_254_740_990, timestamp: 0, id: null },
      ];
      const seen = [];
      for (const [n, anchor] of anchors.entries()) {
        await save(unit, checkpoint({ token: 'me', expected: n === 0 ? null : n, next: n + 1, anchor }));
        seen.push((await claim(unit, 'me')).anchor);
      }
      expect(seen).toEqual([anchors[0], anchors[0], anchors[2]]);
    });

    test('a refused or repeated one changes nothing of the unit', async () => {
      const { store } = subject();
      const unit = await claimed();
      const letter = { reducer: 'm.r', version: 1, topic: unit.topic, partition: 3, offset: 1, reason: 'r' };
      const kept = { anchor: { offset: 9, timestamp: 1, id: 'kept' }, caughtUpAt: 1, deadLetters: [letter] };
      await save(unit, checkpoint({ token: 'me', expected: null, next: 10, ...kept }, { f: 'kept' }));
      await store.mark(unit, 'me', { offset: 10, reducer: 'm.r' });
      const before = await claim(unit, 'me');
      const wrong = {
        anchor: { offset: 11, timestamp: 2, id: 'wrong' },
        caughtUpAt: 2,
        closed: [letter],
        deadLetters: [{ ...letter, offset: 2 }],
      };
      for (const [token, expected, next] of [
        ['other', 10, 12],
        ['me', 11, 12],
        ['me', null, 10],
      ] as const) {
        const reply = await save(unit, checkpoint({ token, expected, next, ...wrong }, { f: 'wrong' }));
        expect(reply.status).toBe(next === 10 ? 'repeated' : 'refused');
        expect(await claim(unit, 'me')).toEqual(before);
        expect(await position(unit)).toEqual({ ...POSITION, next: 10, caughtUpAt: 1 });
        expect(await one(unit)).toBe('kept');
        expect(await store.deadLetterKeys(unit)).toEqual([{ reducer: 'm.r', offset: 1 }]);
      }
    });

    test('an offset that comes by a second time under a new owner does not let the old one in', async () => {
      const unit = await claimed('old');
      await save(unit, checkpoint({ token: 'old', expected: null, next: 10 }));
      await claim(unit, 'new');
      await save(unit, checkpoint({ token: 'new', expected: 10, next: 20 }));
      await save(unit, checkpoint({ token: 'new', expected: 20, next: 10 }, { f: 'reset' }));
      const zombie = checkpoint({ token: 'old', expected: 10, next: 20 }, { f: 'zombie' });
      expect(await save(unit, zombie)).toMatchObject({ status: 'refused', because: 'token' });
      expect(await one(unit)).toBe('reset');
    });

    test('of two that claim and write at once one goes on, the other is refused', async () => {
      for (let round = 0; round < 20; round++) {
        const unit = subject().newUnit();
        const replies = await Promise.all(
          ['a', 'b'].map(async (token) => {
            const { next } = await claim(unit, token);
            const reply = await save(unit, checkpoint({ token, expected: next, next: 1 }, { f: token }));
            return { token, reply };
          }),
        );
        const writer = await one(unit);
        const done = replies.filter(({ reply }) => reply.status === 'done').map(({ token }) => token);
        expect(done).toContain(writer);
        const loser = done[0] === 'a' ? 'b' : 'a';
        if (done.length === 1)
          expect(replies.find(({ token }) => token === loser)!.reply.status).toBe('refused');
      }
    });
  });
}
