import { expect, test } from '@jest/globals';
import { longestWait, type Waiting } from '../../services/worker/longest-wait.ts';

const behind: Waiting = { checkpointMs: 250, isBehind: true, events: 10, ageMs: 500 };

test.each<readonly [string, Partial<Waiting>, number]>([
  ['of a unit that is not behind waits for the time that is set', { isBehind: false }, 250],
  ['of one that is not behind does so however old its events are', { isBehind: false, ageMs: 60_000 }, 250],
  ['of one that is behind waits four times as long', {}, 1_000],
  ['does so up to the last event that is few', { events: 1_999 }, 1_000],
  ['of many events does not wait longer than is set', { events: 2_000 }, 250],
  ['of many that are old does not either', { events: 2_000, ageMs: 60_000 }, 250],
  ['of events ten seconds old waits as for newer ones', { ageMs: 10_000 }, 1_000],
  ['of older ones waits sixteen times as long', { ageMs: 10_001 }, 4_000],
  ['of events of a clock that is ahead waits as for new ones', { ageMs: -5_000 }, 1_000],
])('what changed %s', (_, given, expected) => {
  expect(longestWait({ ...behind, ...given })).toBe(expected);
});
