import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { atTime } from '../../services/gateway/at-time.ts';

const DAY_MS = 86_400_000;

beforeEach(() => void jest.useFakeTimers({ now: 0 }));
afterEach(() => void jest.useRealTimers());

test('a time that is further away than timers reach is waited for, and called once', () => {
  let calls = 0;
  atTime(60 * DAY_MS, Date.now, () => calls++);
  jest.advanceTimersByTime(60 * DAY_MS - 1);
  expect(calls).toBe(0);
  jest.advanceTimersByTime(1 + DAY_MS);
  expect(calls).toBe(1);
});

test('a time that is over is now, but not before the caller went on', () => {
  let calls = 0;
  atTime(-5, Date.now, () => calls++);
  expect(calls).toBe(0);
  jest.advanceTimersByTime(1);
  expect(calls).toBe(1);
});

test('nothing is called after it was ended', () => {
  let calls = 0;
  const end = atTime(2 * DAY_MS, Date.now, () => calls++);
  jest.advanceTimersByTime(DAY_MS);
  end();
  jest.advanceTimersByTime(5 * DAY_MS);
  expect(calls).toBe(0);
});
