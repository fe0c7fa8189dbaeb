import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { wholePairs, wholeText } from '../../../services/shared/export/json-text.ts';

const HALF = /\p{Surrogate}/u;
const text = fc.string({
  unit: fc.oneof(fc.constantFrom('\\', '"', 'u', '\ud83d', '\ude00', 'd'), fc.string()),
});

test('a JSON text without halves means what it meant, with each half replaced', () => {
  fc.assert(
    fc.property(text, (value) => {
      const json = JSON.stringify({ [value]: value });
      const whole = wholePairs(json);
      expect(JSON.parse(whole)).toEqual({ [wholeText(value)]: wholeText(value) });
      if (!HALF.test(value)) expect(whole).toBe(json);
    }),
    { numRuns: 2_000 },
  );
});

test('a pair in either case of its digits stays as it is, and so does a backslash that is escaped', () => {
  const json = '{"a":"\\uD83D\\uDE00","b":"\\\\ud800","c":"\\\\\\\\udfff"}';
  expect(wholePairs(json)).toBe(json);
  expect(wholePairs('"\\\\\\uDE00 \\ud83d\\ud83d\\ude00"')).toBe('"\\\\\\ufffd \\ufffd\\ud83d\\ude00"');
});
