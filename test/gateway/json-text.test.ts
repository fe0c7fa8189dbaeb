import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findJsonFault } from '../../services/gateway/json-fault.ts';
import { membersOf, objectText, splitJson } from '../../services/gateway/json-text.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('taking JSON text apart', () => {
  test('an object put together again from its members means the same', () => {
    const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { noNullPrototype: true });
    fc.assert(
      fc.property(objects, fc.constantFrom(undefined, 1), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        const again = objectText(membersOf(splitJson(text, 1_000).parts));
        expect(JSON.parse(again)).toEqual(JSON.parse(text));
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  test('an array splits into the texts of its elements', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (array) => {
        const { parts } = splitJson(JSON.stringify(array), 1_000);
        expect(parts).toEqual(array.map((element) => JSON.stringify(element)));
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  test.each([['1e400', '12345678901234567890', '1.0', '"\\u0041"', '"\\ud800"', '{ "a" : [1, 2] }']])(
    'values keep their letters: %s',
    (...values) => {
      const text = `{${values.map((value, index) => ` "k${index}" : ${value} `).join(',')}}`;
      expect([...membersOf(splitJson(text, 10).parts).values()]).toEqual(values);
    },
  );

  test('brackets and quotes inside strings count for nothing', () => {
    expect(splitJson('["[[[", "\\"]", "\\\\", {"a":"}"}]', 2).parts).toEqual([
      '"[[["',
      '"\\"]"',
      '"\\\\"',
      '{"a":"}"}',
    ]);
  });

  test('depth is measured without recursion and reported with its place', () => {
    expect(splitJson('[[[]]]', 3).tooDeepAt).toBeNull();
    expect(splitJson('[[[]]]', 2).tooDeepAt).toBe(2);
    expect(splitJson('['.repeat(1_000_000), 100).tooDeepAt).toBe(100);
  });
});

describe('where a text stops being JSON', () => {
  test.each([
    ['', 0],
    ['{"a":1,b}', 7],
    ['[1,b]', 3],
    ['[1,', 3],
    ['[1] x', 4],
    ['{"a" 1}', 5],
    ['{"a":01}', 6],
    ['["a\nb"]', 3],
    ['["\\x"]', 2],
    ['[1,]', 3],
    ['{"a":tru}', 5],
    ['{"a":[}', 6],
    ['"abc', 4],
  ])('%j at %i', (text, position) => {
    expect(findJsonFault(text)).toBe(position);
  });

  test('it finds a fault exactly where JSON.parse refuses', () => {
    const mutated = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '{', ']', ',', ':', '-', '0', '\\', 'e', ' '))
      .map(([text, at, piece]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + piece + text.slice(place + (at % 2));
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), mutated, fc.string()), (text) => {
        expect(findJsonFault(text) === null).toBe(isJson(text));
      }),
      { interruptAfterTimeLimit: 3_000, numRuns: 3_000 },
    );
  });
});
