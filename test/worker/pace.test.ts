import { expect, test } from '@jest/globals';
import { createPace } from '../../services/worker/pace.ts';

/** Lets events pass that take so long each; says after which of them the clock is looked at, and who had a turn. */
async function run(tookMs: readonly number[], dueAfterMs = Number.POSITIVE_INFINITY) {
  const found = { looks: [] as number[], turns: [] as number[], cuts: [] as number[] };
  const began = 1_000;
  let now = began;
  let through = 0;
  let cutAt = now;
  const pace = createPace({
    clock: {
      now() {
        if (found.looks.at(-1) !== through) found.looks.push(through);
        return now;
      },
    },
    isDue: (at) => at - cutAt >= dueAfterMs,
    async cut() {
      found.cuts.push(through);
      cutAt = now;
    },
  });
  pace.begin(began);
  for (const ms of tookMs) {
    now += ms;
    through += 1;
    const after = through;
    setImmediate(() => found.turns.at(-1) !== after && through === after && found.turns.push(after));
    await pace.between(false);
  }
  return found;
}

const times = (count: number, ms: number): number[] => new Array<number>(count).fill(ms);

test('of fast events the clock is looked at after every eighth, and at first sooner', async () => {
  expect(await run(times(40, 0.01))).toEqual({
    looks: [1, 3, 7, 15, 23, 31, 39],
    turns: [],
    cuts: [],
  });
});

test('others have their turn after every slow event', async () => {
  const all = [1, 2, 3, 4, 5, 6];
  expect(await run(times(6, 400))).toEqual({ looks: all, turns: all, cuts: [] });
});

test('events that become slow hold others up for eight of them at most, and then for one', async () => {
  const { turns } = await run([...times(15, 0.01), ...times(12, 400)]);
  expect(turns).toEqual([23, 24, 25, 26, 27]);
});

test('what is a little slow is looked at so often that a stretch takes about 25 ms', async () => {
  const { looks, turns } = await run([...times(15, 0.01), ...times(60, 8)]);
  const later = looks!.filter((look) => look > 30);
  for (const [index, look] of later.entries())
    if (index > 0) expect(look - later[index - 1]!).toBeLessThanOrEqual(3);
  for (const [index, turn] of turns!.entries())
    if (index > 0) expect(8 * (turn - turns![index - 1]!)).toBeLessThanOrEqual(75);
});

test('events that are fast again are not looked at one by one for long', async () => {
  const { looks } = await run([400, ...times(40, 0.01)]);
  expect(looks!.slice(-3)).toEqual([24, 32, 40]);
});

test('a checkpoint that is due is cut between two events', async () => {
  const { cuts } = await run(times(30, 10), 100);
  expect(cuts).toEqual([11, 21]);
});
