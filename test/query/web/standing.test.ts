import { describe, expect, test } from '@jest/globals';
import { type Feed, NO_FEED, type Shown } from '../../../services/query/web/live-feed.ts';
import { standingOf } from '../../../services/query/web/standing.ts';

const feedOf = (...shown: Shown[]): Feed => ({
  ...NO_FEED,
  connection: 'live',
  states: new Map(shown.map((one, index) => [`student-${index}`, one])),
});
const whole: Shown = { state: { count: 1 }, default: false };
const rebuilt = (progress: number, target: number | null = 100): Shown => ({
  state: null,
  default: false,
  rebuilding: { target, progress },
});

describe('what the page says of its data', () => {
  test.each<[string, Feed, number | null, string, string | null]>([
    ['fresh', feedOf(whole), 1, 'Live', null],
    ['old', feedOf(whole), 100, 'Behind', null],
    ['never worked through', feedOf(whole), null, 'Waiting for a worker', null],
    ['being made anew', feedOf(rebuilt(0.42)), null, 'Rebuilding', '42 % done'],
    ['made anew in part', feedOf(whole, rebuilt(0.29), rebuilt(0.9)), 3, 'Rebuilding', '29 % done'],
    ['waiting to be made', feedOf(rebuilt(0, null)), null, 'Waiting for a worker', null],
    ['lost', { ...feedOf(rebuilt(0.5)), connection: 'lost' }, 1, 'Connection lost, reconnecting', null],
    ['on its way', NO_FEED, null, 'Connecting', null],
  ])('%s', (_, feed, ageSeconds, text, detail) => {
    expect(standingOf(feed, ageSeconds)).toMatchObject({ text, detail });
  });
});
