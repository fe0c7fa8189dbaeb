import { describe, expect, test } from '@jest/globals';
import { liveUrl } from '../../../services/query/web/api.ts';
import { rowsOf } from '../../../services/query/web/rows.ts';

const students = [
  { id: 'ada', name: 'Ada' },
  { id: 'ben', name: 'Ben' },
];
const reducerOf = (...scope: string[]) => ({ id: 'm.r', contexts: ['a'], scope, default: null });
const fields = { CLASS: '5a', doc: 'x y' };

describe('a reducer with a state for each student', () => {
  const reducer = reducerOf('STUDENT', 'doc');

  test('is asked for all of them, with its other fields', () => {
    expect(liveUrl(reducer, students, fields)).toBe('/v1/live/m.r?STUDENT=ada&STUDENT=ben&doc=x+y');
  });

  test('has a row for each', () => {
    expect(rowsOf(reducer, students, fields)).toBe(students);
  });
});

describe('a reducer that is not of students', () => {
  const reducer = reducerOf('CLASS', 'doc');

  test('is asked by its own fields alone', () => {
    expect(liveUrl(reducer, students, fields)).toBe('/v1/live/m.r?CLASS=5a&doc=x+y');
  });

  test('has one row, which is named by them', () => {
    expect(rowsOf(reducer, students, fields)).toEqual([{ id: '', name: '5a, x y' }]);
  });
});
