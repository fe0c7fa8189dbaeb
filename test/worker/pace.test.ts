import { expect, test } from '@jest/globals';
import { createPace } from '../../services/worker/pace.ts';

/** Lets events pass that take so long each; says after which of them the clock is looked at, and who had a turn. */
function run(tookMs: readonly number[]) {
  const pace = createPace();
  const [looks, turns]: number[][] = [[], []];
  let now = 1_000;
  pace.turned(now);
  for (const [index, ms] of tookMs.entries()) {
    now += ms;
    if (!pace.passed()) continue;
    looks!.push(index + 1);
    if (!pace.looked(now)) continue;
    turns!.push(index + 1);
    pace.turned(now);
  }
  return { looks, turns };
}

const times = (count: number, ms: number): number[] => new Array<number>(count).fill(ms);

test('of fast events the clock is looked at after every eighth, and at first sooner', () => {
  expect(run(times(40, 0.01))).toEqual({ looks: [1, 3, 7, 15, 23, 31, 39], turns: [] });
});

test('others have their turn after every slow event', () => {
  const all = [1, 2, 3, 4, 5, 6];
  expect(run(times(6, 400))).toEqual({ looks: all, turns: all });
});

test('events that become slow hold others up for eight of them at most, and then for one', () => {
  const { turns } = run([...times(15, 0.01), ...times(12, 400)]);
  expect(turns).toEqual([23, 24, 25, 26, 27]);
});

test('what is a little slow is looked at so often that a stretch takes about 25 ms', () => {
  const { looks, turns } = run([...times(15, 0.01), ...times(60, 8)]);
  const later = looks!.filter((look) => look > 30);
  for (const [index, look] of later.entries())
    if (index > 0) expect(look - later[index - 1]!).toBeLessThanOrEqual(3);
  for (const [index, turn] of turns!.entries())
    if (index > 0) expect(8 * (turn - turns![index - 1]!)).toBeLessThanOrEqual(75);
});

test('events that are fast again are not looked at one by one for long', () => {
  const { looks } = run([400, ...times(40, 0.01)]);
  expect(looks!.slice(-3)).toEqual([24, 32, 40]);
});
