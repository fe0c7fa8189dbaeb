import { describe, expect, test } from '@jest/globals';
import type { Checkpoint, StateStore, Unit, UnitFacts } from '../../services/shared/state/port.ts';

interface Subject {
  readonly store: StateStore;
  readonly newUnit: () => Unit;
}

export const FACTS: UnitFacts = { formatVersion: 1, partitions: 8, reducersHash: 'abc' };

export function checkpoint(
  given: Pick<Checkpoint, 'token' | 'expected' | 'next'> & Partial<Omit<Checkpoint, 'states'>>,
  states: Readonly<Record<string, string | null>> = {},
): Checkpoint {
  return { deadLetters: [], caughtUpAt: null, ...given, states: new Map(Object.entries(states)) };
}

export function checkpointContract(subject: () => Subject): void {
  describe('its claims and checkpoints', () => {
    const claim = (unit: Unit, token: string, facts = FACTS) => subject().store.claim(unit, token, facts);
    const save = (unit: Unit, given: Checkpoint) => subject().store.checkpoint(unit, given);
    const position = (unit: Unit) => subject().store.position(unit);
    const claimed = async (token = 'me'): Promise<Unit> => {
      const unit = subject().newUnit();
      await claim(unit, token);
      return unit;
    };
    const one = async (unit: Unit) => (await subject().store.readMany(unit, ['f']))[0];

    test('a claim returns where to go on, and the facts of the first one for ever', async () => {
      const unit = subject().newUnit();
      expect(await claim(unit, 'a')).toEqual({ next: null, facts: FACTS });
      expect(await position(unit)).toEqual({ next: null, caughtUpAt: null, partitions: 8 });
      await save(unit, checkpoint({ token: 'a', expected: null, next: 42, caughtUpAt: 1_000 }));
      const others = { formatVersion: 2, partitions: 4, reducersHash: 'xyz' };
      expect(await claim(unit, 'b', others)).toEqual({ next: 42, facts: FACTS });
      expect(await position(unit)).toEqual({ next: 42, caughtUpAt: 1_000, partitions: 8 });
    });

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

    test('an owner without events renews only the time of being caught up', async () => {
      const unit = await claimed();
      await save(unit, checkpoint({ token: 'me', expected: null, next: 0, caughtUpAt: 5 }));
      await save(unit, checkpoint({ token: 'me', expected: 0, next: 0, caughtUpAt: 6 }));
      await save(unit, checkpoint({ token: 'me', expected: 0, next: 3 }));
      expect(await position(unit)).toEqual({ next: 3, caughtUpAt: 6, partitions: 8 });
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
            const { next, facts } = await claim(unit, token, { ...FACTS, reducersHash: token });
            const reply = await save(unit, checkpoint({ token, expected: next, next: 1 }, { f: token }));
            return { token, facts, reply };
          }),
        );
        expect(replies[0]!.facts).toEqual(replies[1]!.facts);
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
