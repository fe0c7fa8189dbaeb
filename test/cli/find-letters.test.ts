import { afterEach, expect, test } from '@jest/globals';
import { describeLetter } from '../../services/cli/dead-letters-show.ts';
import { EXPIRED, findLetters } from '../../services/cli/find-letters.ts';
import type { House } from '../../services/cli/house.ts';
import { deadLettersTopic } from '../../services/shared/topics.ts';
import {
  checkpoint,
  closeHouses,
  letterOf,
  NAMESPACE,
  openTestHouse,
  relay,
  TOPIC,
  unitOf,
} from './cli-house.ts';

afterEach(closeHouses);

async function houseWithLetters(given: Partial<House> = {}): Promise<House> {
  const house = await openTestHouse(given);
  await checkpoint(house.state, unitOf(0), 50, {
    deadLetters: [
      letterOf(unitOf(0), 30),
      letterOf(unitOf(0), 4, {
        reason: 'The state is not JSON',
        stack: 'Error\n    at reduce (module.js:1:1)',
      }),
      letterOf(unitOf(0), 4, { reducer: 'm.s' }),
      letterOf(unitOf(0), 9, { reducer: 'm', reason: 'the marker C3 01 is missing' }),
    ],
  });
  await checkpoint(house.state, unitOf(1), 50, { deadLetters: [letterOf(unitOf(1), 7)] });
  await checkpoint(house.state, unitOf(1, 'm.v0'), 50, { deadLetters: [letterOf(unitOf(1, 'm.v0'), 2)] });
  return house;
}

const names = async (house: House, filter: object): Promise<string[]> =>
  (await findLetters(house, { limit: 100, ...filter })).letters.map(
    ({ unit, reducer, offset }) => `${reducer}@${unit.partition}/${offset}`,
  );

test('all open dead letters of what is installed are found, in order of their places', async () => {
  const house = await houseWithLetters();
  expect(await names(house, {})).toEqual(['m.r@0/4', 'm.s@0/4', 'm@0/9', 'm.r@0/30', 'm.r@1/7']);
});

test.each([
  [{ module: 'm' }, ['m.r@0/4', 'm.s@0/4', 'm@0/9', 'm.r@0/30', 'm.r@1/7']],
  [{ module: 'm.v0' }, ['m.r@1/2']],
  [{ reducer: 'm.r' }, ['m.r@0/4', 'm.r@0/30', 'm.r@1/7']],
  [{ reducer: 's' }, ['m.s@0/4']],
  [{ reducer: 'm' }, ['m@0/9']],
  [{ partition: 1 }, ['m.r@1/7']],
  [{ topic: 'another' }, []],
  [{ topic: TOPIC, offset: 4 }, ['m.r@0/4', 'm.s@0/4']],
  [{ from: 5, to: 9 }, ['m@0/9', 'm.r@1/7']],
  [{ reason: 'is NOT json' }, ['m.r@0/4']],
])('a filter %j finds those that it means', async (filter, expected) => {
  const house = await houseWithLetters();
  expect(await names(house, filter)).toEqual(expected);
  // The same, when their reasons are in the topic and not in the store.
  for (const unit of [unitOf(0), unitOf(1), unitOf(1, 'm.v0')]) await relay(house, unit);
  expect(await names(house, filter)).toEqual(expected);
});

test('a limit cuts the list and says that there are more', async () => {
  const house = await houseWithLetters();
  const cut = await findLetters(house, { limit: 2 });
  expect(cut.letters).toHaveLength(2);
  expect(cut.more).toBe(true);
  expect((await findLetters(house, { limit: 5 })).more).toBe(false);
});

test('the reason and stack of a copied dead letter come from its topic', async () => {
  const house = await houseWithLetters();
  await relay(house, unitOf(0));
  const [letter] = (await findLetters(house, { reducer: 'm.r', partition: 0, offset: 4, limit: 1 })).letters;
  expect(letter).toMatchObject({
    reason: 'The state is not JSON',
    stack: expect.stringContaining('module.js'),
  });
  const text = describeLetter(letter!);
  expect(text).toContain(`m.v1 m.r ${TOPIC}/0@4`);
  expect(text).toContain('reason: The state is not JSON');
  expect(text).toContain('at reduce (module.js:1:1)');
});

test('a copy that retention removed is said to be gone, and nothing else is', async () => {
  const house = await houseWithLetters();
  await relay(house, unitOf(0));
  const topic = deadLettersTopic(NAMESPACE);
  const trimmed: House = {
    ...house,
    log: {
      ...house.log,
      async offsets(asked) {
        const ranges = await house.log.offsets(asked);
        return asked === topic ? ranges.map((range) => ({ ...range, start: range.end })) : ranges;
      },
    },
  };
  const { letters } = await findLetters(trimmed, { limit: 10 });
  expect(letters.filter(({ reason }) => reason === null)).toHaveLength(4);
  expect(letters.at(-1)!.reason).toBe('refused 7');
  expect(describeLetter(letters[0]!)).toContain(`reason: ${EXPIRED}`);
});

test('a module that is not installed is said to be unknown, with those that are', async () => {
  const house = await openTestHouse();
  await expect(findLetters(house, { module: 'other', limit: 1 })).rejects.toThrow(
    'no module other is installed; there are: m',
  );
});
