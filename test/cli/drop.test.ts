import { afterEach, expect, test } from '@jest/globals';
import { dropLetters } from '../../services/cli/drop-letters.ts';
import type { House } from '../../services/cli/house.ts';
import { requeueLetters } from '../../services/cli/requeue-letters.ts';
import {
  appendEvents,
  checkpoint,
  closeHouses,
  found,
  letterOf,
  openTestHouse,
  reduceRequeued,
  unitOf,
} from './cli-house.ts';

afterEach(closeHouses);

const unit = unitOf(1);

async function houseWith(offsets: readonly number[], given: Partial<House> = {}): Promise<House> {
  const house = await openTestHouse(given);
  await appendEvents(house.log, 10, 1);
  await checkpoint(house.state, unit, 10, { deadLetters: offsets.map((offset) => letterOf(unit, offset)) });
  return house;
}

test('a dropped dead letter is left out for good, in words of the control topic', async () => {
  const house = await houseWith([3, 4]);
  const outcomes = await dropLetters(house, [found(unit, 3)], 'a person dropped the event');
  expect(outcomes).toMatchObject([{ status: 'dropped' }]);
  expect([...house.control.leftOut(unit).values()]).toEqual([
    {
      kind: 'left-out',
      ...unit,
      reducer: 'm.r',
      offset: 3,
      why: 'drop',
      reason: 'a person dropped the event',
    },
  ]);
});

test('what is closed, or dropped already, is not dropped again', async () => {
  const house = await houseWith([3]);
  await dropLetters(house, [found(unit, 3)], '');
  expect(await dropLetters(house, [found(unit, 3), found(unit, 8)], '')).toMatchObject([
    { status: 'skipped', because: 'it was dropped' },
    { status: 'skipped', because: 'it is not open any more' },
  ]);
});

test('what is requeued is not dropped before it was reduced again, because a replay must come to the same', async () => {
  const house = await houseWith([3, 4], { mayRun: false });
  await requeueLetters(house, [found(unit, 3)]);
  expect(await dropLetters(house, [found(unit, 3), found(unit, 4)], '')).toMatchObject([
    { status: 'skipped', because: expect.stringContaining('has not reduced it again yet') },
    { status: 'dropped' },
  ]);
  await reduceRequeued(house, unit, () => true);
  expect(await dropLetters(house, [found(unit, 3)], '')).toMatchObject([{ status: 'dropped' }]);
});

test('a drop waits for a worker to reduce what was requeued, and leaves alone what that closed', async () => {
  const house = await houseWith([3]);
  await requeueLetters(house, [found(unit, 3)]);
  const dropping = dropLetters(house, [found(unit, 3)], '');
  await reduceRequeued(house, unit);
  expect(await dropping).toMatchObject([{ status: 'skipped', because: 'it is not open any more' }]);
  expect(house.control.leftOut(unit).get('m.r@3')?.why).toBe('requeue');
});
