import { afterEach, expect, test } from '@jest/globals';
import { systemClock } from '../../services/shared/clock.ts';
import type { Checkpoint } from '../../services/shared/state/port.ts';
import { collect } from '../support/collect.ts';
import { counting, testModule } from '../support/module.ts';
import { waitFor } from '../support/wait.ts';
import {
  closeHouses,
  type House,
  openHouse,
  reached,
  send,
  startWorker,
  stored,
  unit,
} from '../support/worker-house.ts';

afterEach(closeHouses);

const LONG_WAIT_MS = 5_000;

/** A worker whose store can be told to refuse what it should write; it waits for no real time. */
async function worker(house: House) {
  const situation = { refusing: 0, waits: [] as number[] };
  const clock = {
    ...systemClock,
    sleep(ms: number) {
      situation.waits.push(ms);
      return systemClock.sleep(1);
    },
  };
  const checkpoint = async (at: typeof unit, given: Checkpoint) => {
    if (given.states.size === 0 || situation.refusing === 0) return house.state.checkpoint(at, given);
    situation.refusing -= 1;
    return { status: 'refused', because: 'token', stored: null } as const;
  };
  await startWorker(house, testModule(counting), { checkpoint }, {}, { clock });
  return situation;
}

test('a store that refuses again and again convicts no event', async () => {
  const house = await openHouse();
  const situation = await worker(house);
  situation.refusing = 10;
  await send(house.log, ['a', 'b', 'a']);
  await reached(house.state, 3);
  expect(situation.refusing).toBe(0);
  expect(await stored(house.state, 'a')).toEqual({ count: 2 });
  expect(await collect(house.state.deadLetters(unit))).toEqual([]);
});

test('claims that lead to nothing wait longer and longer, until something is stored', async () => {
  const house = await openHouse();
  const situation = await worker(house);
  situation.refusing = 8;
  await send(house.log, ['a']);
  await reached(house.state, 1);
  const waits = situation.waits.splice(0);
  expect(waits).toHaveLength(8);
  for (const [index, ms] of waits.entries()) {
    const due = Math.min(200 * 2 ** index, LONG_WAIT_MS);
    expect(ms).toBeGreaterThanOrEqual(due / 2);
    expect(ms).toBeLessThanOrEqual(due * 1.5);
  }
  situation.refusing = 1;
  await send(house.log, ['a']);
  await waitFor(() => situation.waits.length > 0, { message: 'the claim is lost' });
  expect(situation.waits[0]).toBeLessThanOrEqual(300);
  await reached(house.state, 2);
});
