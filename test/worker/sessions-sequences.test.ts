import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  addSequence,
  firstOf,
  lengthOfSequences,
  readSequences,
  type Sequences,
  writeSequences,
} from '../../services/worker/session-sequences.ts';

/** By the definition, remembering everything. */
function createNaive(): (sequence: number) => boolean {
  const had = new Set<number>();
  let highest = -1;
  return (sequence) => {
    if (had.has(sequence) || sequence < highest - 1_024) return false;
    had.add(sequence);
    highest = Math.max(highest, sequence);
    return true;
  };
}

/** Close together, and around what is still told apart. */
const numbers = fc.array(
  fc.oneof(
    fc.nat({ max: 8 }),
    fc.integer({ min: 1_020, max: 1_032 }),
    fc.integer({ min: 2_040, max: 2_060 }),
  ),
  { maxLength: 60 },
);
/** Long ones, out of order, with many gaps. */
const longRun = fc
  .record({
    from: fc.nat({ max: 3_000 }),
    step: fc.integer({ min: 1, max: 4 }),
    late: fc.nat({ max: 1_100 }),
  })
  .map(({ from, step, late }) => {
    const ascending = Array.from({ length: 700 }, (_, n) => from + n * step);
    return [...ascending, ...ascending.map((n) => n - late).filter((n) => n >= 0)];
  });

function addAll(sequences: Sequences | null, all: readonly number[]): [Sequences | null, boolean[]] {
  let current = sequences;
  const answers = all.map((sequence, at) => {
    if (current !== null) return addSequence(current, sequence, at);
    current = firstOf(sequence, at);
    return true;
  });
  return [current, answers];
}

describe('the sequence numbers of a session', () => {
  test.each([
    ['few', numbers],
    ['many', longRun],
  ])('are had once each, as far as they are told apart (%s)', (_name, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (all) => {
        const naive = createNaive();
        expect(addAll(null, all)[1]).toEqual(all.map((sequence) => naive(sequence)));
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['few', numbers],
    ['many', longRun],
  ])('go on as they were after being written and read, at any place (%s)', (_name, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, fc.nat(), (all, place) => {
        const at = all.length === 0 ? 0 : place % all.length;
        const naive = createNaive();
        const [before] = addAll(null, all.slice(0, at));
        const text = before === null ? null : writeSequences(before);
        const after = text === null ? null : readSequences(text);
        expect(after).toEqual(before);
        for (const sequence of all.slice(0, at)) naive(sequence);
        expect(addAll(after, all.slice(at))[1]).toEqual(all.slice(at).map((sequence) => naive(sequence)));
        if (text !== null) expect(text.length).toBeLessThan(330);
      }),
      { numRuns: 300 },
    );
  });

  test('take a number as low as 1,024 below the first, and none below that', () => {
    const sequences = firstOf(5_000, 0);
    expect([3_976, 3_975, 4_999, 4_999].map((n) => addSequence(sequences, n, 0))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test('take a few bytes when nothing is missing, and say what is', () => {
    const write = (all: readonly number[]): string => writeSequences(addAll(null, all)[0]!);
    const upTo = (end: number): number[] => Array.from({ length: end + 1 }, (_, n) => n);
    expect(write(upTo(3_000))).toBe('3000,3000');
    expect(write(upTo(70).filter((n) => n !== 61 && (n < 65 || n > 68)))).toBe('70,65,9,5-2');
    expect(write([1])).toBe('1,0,1');
    expect(write(upTo(1_026).slice(1))).toBe('1026,1025;0-0');
  });

  test.each([
    '',
    '5',
    'x,1',
    '-1,0',
    '5,1,',
    '5,1,0',
    '5,1,1025',
    '5,1,2-3',
    '5,1,2,3',
    '5,1,~AAAA',
    '{"a":1}',
    '2000,1;',
    '2000,1;5',
    '2000,1;5-4',
    '2000,1;5-976',
    '2000,1;5-6,6-7',
    `2000,1;${Array.from({ length: 9 }, (_, n) => `${2 * n}-${2 * n}`).join(',')}`,
  ])('are not read out of %p', (text) => {
    expect(readSequences(text)).toBeNull();
  });

  test('take no more characters than is known without writing them', () => {
    fc.assert(
      fc.property(fc.oneof(numbers, longRun), fc.nat({ max: 2 ** 40 }), (all, from) => {
        const [sequences] = addAll(
          null,
          all.map((number) => from + number),
        );
        if (sequences === null) return;
        const known = lengthOfSequences(sequences);
        expect(writeSequences(sequences).length).toBeLessThanOrEqual(known);
        expect(known).toBeLessThanOrEqual(640);
      }),
    );
  });
});
