import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addMissed, takeMissed } from '../../services/worker/session-missed.ts';
import {
  addSequence,
  firstOf,
  readSequences,
  type Sequences,
  writeSequences,
} from '../../services/worker/session-sequences.ts';

/** Adds numbers that a sender sent directly, or copies, and tells which were new. */
function add(sequences: Sequences, numbers: readonly number[], isCopy: boolean): boolean[] {
  return numbers.map((number) => addSequence(sequences, number, 0, isCopy));
}

const span = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);

describe('copies of what a session sent before its source was claimed', () => {
  test('count once each, however far below what it sent since', () => {
    const sequences = firstOf(5_001, 0);
    add(sequences, span(5_002, 10_000), false);
    expect(add(sequences, span(1, 5_001), true)).not.toContain(false);
    expect(add(sequences, span(1, 5_001), true)).not.toContain(true);
    expect(writeSequences(sequences)).toBe('9999,0;0-0');
  });

  test('count as had where the session was sent as a whole again before them', () => {
    const sequences = firstOf(0, 0);
    add(sequences, span(1, 5_000), false);
    expect(add(sequences, span(0, 5_000), true)).not.toContain(true);
  });

  test('count once where some were sent again, by whichever gateway', () => {
    // Each number once through one of two gateways at least, of which one does not know yet that the source is claimed.
    const ways = fc.array(fc.constantFrom('direct', 'unclaimed', 'both'), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(ways, fc.integer({ min: 1, max: 700 }), (parts, length) => {
        const of = (...wanted: readonly string[]): number[] =>
          parts.flatMap((part, at) => (wanted.includes(part) ? span(at * length, (at + 1) * length) : []));
        const direct = of('direct', 'both');
        const copies = of('unclaimed', 'both');
        const sequences = firstOf((direct[0] ?? copies[0])!, 0);
        add(sequences, direct, false);
        const had = new Set(direct.length > 0 ? direct : [copies[0]!]);
        expect(add(sequences, copies, true)).toEqual(copies.map((number) => !had.has(number)));
      }),
    );
  });

  test('go on as they were after being written and read, at any place', () => {
    const numbers = fc.array(fc.tuple(fc.nat({ max: 6_000 }), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(numbers, (all) => {
        let sequences = firstOf(2_000, 0);
        const same = firstOf(2_000, 0);
        for (const [number, isCopy] of all) {
          expect(addSequence(sequences, number, 0, isCopy)).toBe(addSequence(same, number, 0, isCopy));
          sequences = readSequences(writeSequences(sequences))!;
          expect(sequences).toEqual(same);
        }
      }),
    );
  });
});

test('what is sent directly counts as had where it is too far below, as ever', () => {
  const sequences = firstOf(5_000, 0);
  expect(add(sequences, [3_975, 1, 3_975], false)).toEqual([false, false, false]);
  expect(add(sequences, [3_975, 1], true)).toEqual([true, true]);
});

test('of too many runs that were missed the shortest is forgotten', () => {
  let runs = addMissed(null, 0, 1_000);
  for (let at = 1; at <= 8; at++) runs = addMissed(runs, 2_000 * at, 2_000 * at + 10 * at);
  expect(runs.slice(0, 4)).toEqual([0, 1_000, 4_000, 4_020]);
  expect(runs).toHaveLength(16);
  expect(takeMissed(runs, 500)).toBe(true);
  expect(runs.slice(0, 4)).toEqual([0, 499, 501, 1_000]);
  expect(runs).toHaveLength(16);
  expect(takeMissed(runs, 4_005)).toBe(false);
});
