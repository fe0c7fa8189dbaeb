import { describe, expect, test } from '@jest/globals';
import { ageText, isBehind } from '../../../services/query/web/age.ts';
import type { Json } from '../../../services/query/web/api.ts';
import { columnsFor } from '../../../services/query/web/columns.ts';

function tableOf(states: readonly Json[]): { titles: string[]; rows: string[][] } {
  const columns = columnsFor(states);
  return {
    titles: columns.map(({ title }) => title),
    rows: states.map((state) => columns.map((column) => column.textOf(state))),
  };
}

describe('the columns of the table', () => {
  test('are the numbers of small states, also where some lack them', () => {
    expect(tableOf([{ count: 1_234 }, { count: 2, total_time: 0.128 }, null])).toEqual({
      titles: ['Count', 'Total time'],
      rows: [
        ['1,234', ''],
        ['2', '0.13'],
        ['', ''],
      ],
    });
  });

  test.each<[string, Json]>([
    ['a text', 'hello'],
    ['a number', 7],
    ['a list', [1, 2]],
    ['an object with a text', { count: 1, text: 'x' }],
    ['more numbers than fit', { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 }],
  ])('are one, of compact JSON, for %s', (_what, state) => {
    expect(tableOf([{ count: 1 }, state])).toEqual({
      titles: ['State'],
      rows: [['{"count":1}'], [JSON.stringify(state)]],
    });
  });

  test('show nothing for no state, and the beginning of a long one', () => {
    const { rows } = tableOf([null, 'x'.repeat(10_000)]);
    expect(rows[0]).toEqual(['']);
    expect(rows[1]![0]).toMatch(/^"x{599}…$/);
  });

  test('take names of inherited properties for names', () => {
    const state = JSON.parse('{"__proto__": 1, "constructor": 2}') as Json;
    expect(tableOf([state, {}])).toEqual({
      titles: ['Proto', 'Constructor'],
      rows: [
        ['1', '2'],
        ['', ''],
      ],
    });
  });
});

describe('the age of the data', () => {
  test.each([
    [0.4, 'just now', false],
    [2.9, '2 s ago', false],
    [59.9, '59 s ago', true],
    [60, '1 min ago', true],
    [7_300, '2 h ago', true],
  ])('%d s is %s', (seconds, text, behind) => {
    expect(ageText(seconds)).toBe(text);
    expect(isBehind(seconds)).toBe(behind);
  });
});
