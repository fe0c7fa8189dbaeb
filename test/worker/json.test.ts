import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkJson } from '../../services/worker/json.ts';

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
    expect(checkJson(state)).toEqual({ kind: 'deadLetter', reason: expect.stringMatching(message) });
  });
});

describe('a JSON state', () => {
  test('has no problem and equals what a restart reads back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (state) => {
        expect(checkJson(state)).toEqual({ kind: 'ok', value: state });
      }),
    );
  });

  test('loses its undefined properties, as it would in JSON', () => {
    const state = Object.freeze({ a: 1, b: undefined, c: { d: undefined } });
    const checked = checkJson(state);
    expect(JSON.stringify(checked)).toBe('{"kind":"ok","value":{"a":1,"c":{}}}');
    expect(Object.keys((checked as { value: object }).value)).toEqual(['a', 'c']);
  });
});
