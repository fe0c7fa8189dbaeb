import { describe, expect, test } from '@jest/globals';
import { parseFrame } from '../../services/gateway/frame.ts';

const limits = { frameBytes: 2_000, nestingLevels: 100, stringChars: 1_000, objectKeys: 100 };

function nested(levels: number): string {
  return `{"event":"x","a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
}

function manyNames(count: number): string {
  return Array.from({ length: count }, (_, n) => `"${n}":1`).join(',');
}

describe('a frame', () => {
  test('keeps its fields and their exact text', () => {
    const parsed = parseFrame('{"event":"x","n":12345678901234567890}', limits);
    expect(parsed).toMatchObject({ kind: 'frame', frame: { event: 'x' } });
    expect(parsed.kind === 'frame' && parsed.frame.members.get('n')).toBe('12345678901234567890');
  });

  test.each([
    ['malformed JSON', '{"event":"x",', 'position 13: not JSON'],
    ['no JSON at all', 'hello', 'position 0: not JSON'],
    ['an array', '[1]', 'a frame must be a JSON object'],
    ['a string', '"event"', 'a frame must be a JSON object'],
    ['null', 'null', 'a frame must be a JSON object'],
    ['no event', '{"a":1}', 'event: must be there'],
    ['an event that is no string', '{"event":{}}', 'event: must be there'],
    ['an empty event', '{"event":""}', 'event: must be there'],
    ['200 levels', nested(200), 'nested deeper than 100 levels'],
    ['101 levels', nested(101), 'nested deeper than 100 levels'],
    ['100,000 unclosed levels', '['.repeat(1_999), 'nested deeper than 100 levels'],
    ['__proto__', '{"event":"x","a":{"b":[1,{"__proto__":{"p":1}}]}}', 'a.b[1].__proto__: '],
    ['__proto__ at the top', '{"event":"x","__proto__":{"p":1}}', '__proto__: '],
    ['escaped __proto__', '{"event":"x","\\u005f_proto__":{}}', '__proto__: '],
    ['constructor', '{"event":"x","a":{"constructor":{"prototype":1}}}', 'a.constructor: '],
    ['prototype', '{"event":"x","prototype":null}', 'prototype: '],
    [
      'a long string',
      `{"event":"x","a":["${'n'.repeat(1_001)}"]}`,
      'position 18: a string may have at most 1000',
    ],
    ['a long name', `{"event":"x","${'n'.repeat(1_001)}":1}`, 'position 13: a string may have at most 1000'],
    ['many names', `{"event":"x","a":{${manyNames(101)}}}`, 'an object may have at most 100 names'],
    [
      'one name again and again',
      `{"event":"x"${',"a":1'.repeat(100)}}`,
      'an object may have at most 100 names',
    ],
    ['too many bytes', `{"event":"${'é'.repeat(1_000)}"}`, 'at most 2000 bytes'],
  ])('is refused with its fault named: %s', (_name, text, error) => {
    const parsed = parseFrame(text, limits);
    expect(parsed).toMatchObject({ kind: 'problem', problem: { error: expect.stringContaining(error) } });
    expect(({} as Record<string, unknown>).p).toBeUndefined();
  });

  test.each([
    ['100 levels', nested(100)],
    ['a string of 1,000 characters', `{"event":"x","a":"${'n'.repeat(1_000)}"}`],
    [
      '100 names, and 100 in each of two objects',
      `{"event":"x","a":[{${manyNames(100)}},{${manyNames(100)}}]}`,
    ],
    ['colons within strings', `{"event":"x","a":["${':'.repeat(900)}"]}`],
    ['the words as values', '{"event":"constructor","a":["__proto__","prototype"]}'],
    ['the words within names', '{"event":"x","my.prototype":1,"constructors":2}'],
  ])('is taken: %s', (_name, text) => {
    expect(parseFrame(text, limits).kind).toBe('frame');
  });
});
