import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonText } from '../../../services/shared/state-types/json-text.ts';

const cycle: Record<string, unknown> = {};
cycle.self = cycle;
let deep: unknown = 1;
for (let level = 0; level < 1_000; level++) deep = [deep];

describe('a state that is no JSON', () => {
  test.each([
    ['undefined', undefined, /undefined/],
    ['NaN in an array', { a: [1, Number.NaN] }, /a\[1\]/],
    ['Infinity', { a: Number.POSITIVE_INFINITY }, /state\.a/],
    ['a function', { f: () => 1 }, /state\.f/],
    ['a BigInt', { n: 1n }, /bigint/],
    ['a Map', { m: new Map() }, /Map/],
    ['a Date', { at: new Date(0) }, /Date/],
    ['a cycle', cycle, /contains itself/],
    ['1,000 levels', deep, /nested deeper/],
  ])('is recognised: %s', (_name, state, message) => {
    expect(jsonText(state)).toEqual({ kind: 'fault', reason: expect.stringMatching(message) });
  });
});

describe('a JSON state', () => {
  test('has a text from which a restart reads the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (state) => {
        const written = jsonText(state);
        expect(written).toMatchObject({ kind: 'ok', text: JSON.stringify(state) });
      }),
    );
  });

  const shared = { a: 1 };
  test.each([
    [
      'loses its undefined properties',
      Object.freeze({ a: 1, b: undefined, c: { d: undefined } }),
      '{"a":1,"c":{}}',
    ],
    ['forgets the sign of a zero', { zero: -0 }, '{"zero":0}'],
    ['has one object in two places', { one: shared, other: shared }, '{"one":{"a":1},"other":{"a":1}}'],
  ])('that %s is not the one that a restart reads, and says so', (_name, state, text) => {
    expect(jsonText(state)).toEqual({ kind: 'ok', text, same: false });
  });
});
