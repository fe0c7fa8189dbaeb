import { expect, test } from '@jest/globals';
import type { Fault, Stage } from './fault.ts';
import { playAll } from './play-all.ts';
import { NOTHING } from './totals.ts';

const never = (): Promise<never> => new Promise(() => {});

let time = 0;

/** A fault whose rounds take so long each. */
const fault = (name: string, roundMs: number, more: Partial<Fault> = {}): Fault => ({
  name,
  promise: 'it holds',
  rounds: { short: 1, long: 3 },
  async play({ rounds }) {
    for (const _ of rounds) time += roundMs;
    return NOTHING;
  },
  ...more,
});

const all = (faults: readonly Fault[], beginWithinMs: number, endWithinMs: number) =>
  playAll({
    faults,
    beginWithinMs,
    endWithinMs,
    stage: {} as Stage,
    seed: 1,
    rounds: null,
    now: () => time,
    say: () => undefined,
  });

test('faults that fit are played in all their rounds', async () => {
  const { rows, notPlayed, held } = await all([fault('one', 1), fault('two', 1)], 5_000, 6_000);
  expect(rows.map(([name]) => name)).toEqual(['one', 'two']);
  expect({ notPlayed, held }).toEqual({ notPlayed: [], held: true });
});

test('when time is over no round and no fault begins, and what was left out is a failure that is told', async () => {
  const { rows, notPlayed, held } = await all([fault('one', 60), fault('two', 1)], 90, 5_000);
  expect(rows.map(([name]) => name)).toEqual(['one']);
  expect({ notPlayed, held }).toEqual({
    notPlayed: ['one, 1 of 3 rounds', 'two, 3 rounds'],
    held: false,
  });
});

test('a fault that does not come to an end fails at the last moment, and the others are not played', async () => {
  const { rows, notPlayed, held } = await all([fault('one', 1, { play: never }), fault('two', 1)], 50, 100);
  expect({ rows, notPlayed, held }).toEqual({ rows: [], notPlayed: ['two, 3 rounds'], held: false });
});
