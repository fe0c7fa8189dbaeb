import { describe, expect, test } from '@jest/globals';
import { createCareful } from '../../services/worker/careful.ts';

const attempt = { reducer: 'm.r', offset: 7 };

describe('a unit takes events one by one', () => {
  test.each([
    [1, false],
    [2, false],
    [3, true],
    [9, true],
  ])('after %d claims without progress: %s', (claims, active) => {
    expect(createCareful({ claims, attempt: null }).active).toBe(active);
  });

  test('when an owner ended in the middle of one', () => {
    expect(createCareful({ claims: 1, attempt: { ...attempt, times: 1 } }).active).toBe(true);
  });

  test('until ten thousand are through', () => {
    const careful = createCareful({ claims: 3, attempt: null });
    for (let passed = 0; passed < 9_999; passed++) careful.passed();
    expect(careful.active).toBe(true);
    careful.passed();
    expect(careful.active).toBe(false);
  });
});

describe('an attempt is not made', () => {
  test('once three claims in a row found it under way, in that reducer and at that offset alone', () => {
    const careful = createCareful({ claims: 1, attempt: { ...attempt, times: 3 } });
    expect(careful.conviction(attempt)).toMatch(/ended 3 times in a row/);
    expect(careful.conviction({ ...attempt, offset: 8 })).toBeNull();
    expect(careful.conviction({ ...attempt, reducer: 'm.other' })).toBeNull();
  });

  test('but is after two', () => {
    const careful = createCareful({ claims: 3, attempt: { ...attempt, times: 2 } });
    expect(careful.conviction(attempt)).toBeNull();
  });
});

describe('the note of an attempt', () => {
  const other = { ...attempt, reducer: 'm.before' };

  test('is not replaced by that of a reducer before it in the same event', () => {
    const careful = createCareful({ claims: 1, attempt: { ...attempt, times: 1 } });
    expect(careful.toMark(other)).toBe(false);
    expect(careful.toMark(attempt)).toBe(true);
    expect(careful.toMark({ ...attempt, reducer: 'm.after' })).toBe(true);
  });

  test('is made for every other', () => {
    expect(createCareful({ claims: 3, attempt: null }).toMark(other)).toBe(true);
    const careful = createCareful({ claims: 1, attempt: { ...attempt, times: 1 } });
    expect(careful.toMark({ ...other, offset: 9 })).toBe(true);
    expect(careful.toMark(other)).toBe(true);
  });
});
