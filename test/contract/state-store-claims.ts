import { describe, expect, test } from '@jest/globals';
import type { Attempt, Claim, Unit } from '../../services/shared/state/port.ts';
import { checkpoint, FACTS, LOG_END, POSITION, type Subject } from './state-store-checkpoints.ts';

export function claimContract(subject: () => Subject): void {
  describe('its claims', () => {
    const claim = (unit: Unit, token: string, logEnd = LOG_END, facts = FACTS): Promise<Claim> =>
      subject().store.claim(unit, token, facts, logEnd);
    const mark = (unit: Unit, token: string, attempt: Attempt) => subject().store.mark(unit, token, attempt);
    const position = (unit: Unit) => subject().store.position(unit);
    const save = (unit: Unit, token: string, expected: number | null, next: number) =>
      subject().store.checkpoint(unit, checkpoint({ token, expected, next }));
    const claimed = async (token = 'me'): Promise<Unit> => {
      const unit = subject().newUnit();
      await claim(unit, token);
      return unit;
    };
    const attempt = { offset: 7, reducer: 'm.r' };

    test('the first of a unit finds nothing but what it brought', async () => {
      const unit = subject().newUnit();
      expect(await claim(unit, 'a')).toEqual({
        next: null,
        facts: FACTS,
        anchor: null,
        target: LOG_END,
        claims: 1,
        attempt: null,
      });
      expect(await position(unit)).toEqual({ ...POSITION, next: null, caughtUpAt: null });
    });

    test('a later one finds where to go on, and the anchor', async () => {
      const unit = await claimed('a');
      const anchor = { offset: 41, timestamp: 1_700_000_000_123, id: 'x' };
      const step = checkpoint({ token: 'a', expected: null, next: 42, caughtUpAt: 1_000, anchor });
      await subject().store.checkpoint(unit, step);
      expect(await claim(unit, 'b')).toMatchObject({ next: 42, facts: FACTS, anchor, claims: 1 });
      expect(await position(unit)).toEqual({ ...POSITION, next: 42, caughtUpAt: 1_000 });
    });

    test.each([0, 9_007_199_254_740_991])(
      'the end of the log at the first, %d, is the target for ever',
      async (end) => {
        const unit = subject().newUnit();
        for (const [token, logEnd] of [
          ['a', end],
          ['b', 77],
        ] as const)
          expect((await claim(unit, token, logEnd)).target).toBe(end);
        await save(unit, 'b', null, 1);
        expect((await claim(unit, 'c', 88)).target).toBe(end);
        expect((await position(unit))!.target).toBe(end);
      },
    );

    test.each([
      ['format', { formatVersion: 2 }],
      ['number of partitions', { partitions: 4 }],
      ['hash', { reducersHash: 'xyz' }],
    ])('one with another %s changes nothing and is told what is stored', async (_, difference) => {
      const unit = await claimed('owner');
      await mark(unit, 'owner', attempt);
      const stored = { next: null, facts: FACTS, anchor: null, target: LOG_END, claims: 1 };
      for (let round = 0; round < 3; round++)
        expect(await claim(unit, 'other', 9_999, { ...FACTS, ...difference })).toEqual({
          ...stored,
          attempt: { ...attempt, times: 1 },
        });
      expect(await position(unit)).toEqual({ ...POSITION, next: null, caughtUpAt: null });
      expect(await save(unit, 'other', null, 1)).toMatchObject({ status: 'refused', because: 'token' });
      expect(await mark(unit, 'other', attempt)).toBe(false);
      expect(await mark(unit, 'owner', attempt)).toBe(true);
      expect(await claim(unit, 'next')).toEqual({ ...stored, claims: 2, attempt: { ...attempt, times: 1 } });
    });

    test('those in a row are counted until a checkpoint moves the position', async () => {
      const unit = subject().newUnit();
      const counts: number[] = [];
      const count = async (token: string): Promise<void> => {
        counts.push((await claim(unit, token)).claims);
      };
      for (const token of ['a', 'b', 'c']) await count(token);
      // Stored for the first time, the position moved.
      await save(unit, 'c', null, 0);
      for (const token of ['d', 'e']) await count(token);
      await save(unit, 'e', 0, 0);
      await save(unit, 'e', 0, 0);
      await count('f');
      await save(unit, 'e', 0, 5);
      await count('g');
      await save(unit, 'g', 0, 5);
      await count('h');
      await save(unit, 'h', 5, 2);
      await count('i');
      expect(counts).toEqual([1, 2, 3, 1, 2, 3, 4, 1, 1]);
    });

    test('those of one process in a row count once: it has not ended', async () => {
      const unit = subject().newUnit();
      const counts: number[] = [];
      const count = async (token: string): Promise<void> => {
        counts.push((await claim(unit, token)).claims);
      };
      for (const token of ['p/1', 'p/2', 'p/3', 'pp/1', 'pp/2', 'p/4']) await count(token);
      await save(unit, 'p/4', null, 1);
      for (const token of ['p/5', 'p/6', 'q/1']) await count(token);
      expect(counts).toEqual([1, 1, 1, 2, 2, 3, 1, 1, 2]);
    });

    test('a mark that one process makes under several of its claims counts once', async () => {
      const unit = subject().newUnit();
      const found: (number | undefined)[] = [];
      for (const token of ['p/1', 'p/2', 'pp/1', 'p/3', 'pp/2', 'q/1', 'p/4']) {
        found.push((await claim(unit, token)).attempt?.times);
        for (let again = 0; again < 2; again++) expect(await mark(unit, token, attempt)).toBe(true);
      }
      expect(found).toEqual([undefined, 1, 1, 2, 2, 2, 3]);
    });

    test('those of a unit that has nothing to do are not counted: its owner said so', async () => {
      const unit = await claimed('a');
      await save(unit, 'a', null, 5);
      for (const token of ['b', 'c']) await claim(unit, token);
      await subject().store.checkpoint(
        unit,
        checkpoint({ token: 'c', expected: 5, next: 5, caughtUpAt: 1_000 }),
      );
      expect((await claim(unit, 'd')).claims).toBe(1);
    });

    test('one that is sent again counts once', async () => {
      const unit = await claimed('a');
      await mark(unit, 'a', attempt);
      const first = await claim(unit, 'b');
      expect(first).toMatchObject({ claims: 2, attempt: { ...attempt, times: 1 } });
      for (let round = 0; round < 3; round++) expect(await claim(unit, 'b')).toEqual(first);
      expect(await save(unit, 'b', null, 1)).toEqual({ status: 'done' });
    });

    test('those in a row that find the same mark are counted with it', async () => {
      const unit = await claimed('0');
      expect(await mark(unit, '0', attempt)).toBe(true);
      for (let n = 1; n <= 4; n++) {
        expect((await claim(unit, `${n}`)).attempt).toEqual({ ...attempt, times: n });
        // Each owner comes as far as the one before it.
        for (let again = 0; again < 2; again++) expect(await mark(unit, `${n}`, attempt)).toBe(true);
      }
    });

    test('those that end before they come to a mark do not count for it', async () => {
      const unit = await claimed('a');
      await mark(unit, 'a', attempt);
      for (const token of ['b', 'c', 'd'])
        expect((await claim(unit, token)).attempt).toEqual({ ...attempt, times: 1 });
      await mark(unit, 'd', attempt);
      expect((await claim(unit, 'e')).attempt).toEqual({ ...attempt, times: 2 });
    });

    test.each([
      ['offset', { ...attempt, offset: 8 }],
      ['reducer', { ...attempt, reducer: 'm.s' }],
      ['name with the same end', { offset: 7, reducer: 'm.x@m.r' }],
    ])('a mark with another %s is counted from the beginning', async (_, other) => {
      const unit = await claimed('a');
      await mark(unit, 'a', attempt);
      await claim(unit, 'b');
      await mark(unit, 'b', other);
      expect((await claim(unit, 'c')).attempt).toEqual({ ...other, times: 1 });
      await mark(unit, 'c', attempt);
      expect((await claim(unit, 'd')).attempt).toEqual({ ...attempt, times: 1 });
    });

    test('a mark goes with the checkpoint that moves the position, and with none else', async () => {
      const unit = await claimed('a');
      await save(unit, 'a', null, 7);
      await mark(unit, 'a', { offset: 9_007_199_254_740_991, reducer: 'm.r' });
      await save(unit, 'a', 7, 7);
      expect((await claim(unit, 'b')).attempt).toEqual({
        offset: 9_007_199_254_740_991,
        reducer: 'm.r',
        times: 1,
      });
      await save(unit, 'b', 7, 8);
      expect((await claim(unit, 'c')).attempt).toBeNull();
      await mark(unit, 'c', attempt);
      expect((await claim(unit, 'd')).attempt).toEqual({ ...attempt, times: 1 });
    });

    test('a mark of a former owner changes nothing', async () => {
      const unit = await claimed('old');
      await mark(unit, 'old', attempt);
      await claim(unit, 'new');
      expect(await mark(unit, 'old', { offset: 1, reducer: 'm.r' })).toBe(false);
      expect((await claim(unit, 'next')).attempt).toEqual({ ...attempt, times: 1 });
    });

    test('of first ones at once with different facts one is accepted, and both are told which', async () => {
      for (let round = 0; round < 20; round++) {
        const unit = subject().newUnit();
        const claims = await Promise.all(
          ['a', 'b'].map((token) => claim(unit, token, LOG_END, { ...FACTS, reducersHash: token })),
        );
        const winner = claims[0]!.facts.reducersHash;
        expect(claims.map(({ facts, claims: count }) => [facts.reducersHash, count])).toEqual([
          [winner, 1],
          [winner, 1],
        ]);
        expect(await save(unit, winner, null, 1)).toEqual({ status: 'done' });
      }
    });
  });
}
