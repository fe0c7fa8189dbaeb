import { expect, test } from '@jest/globals';
import { createLogger } from '../../services/shared/logger.ts';
import { createUnitLag } from '../../services/worker/unit-lag.ts';
import type { UnitRunner } from '../../services/worker/unit-runner.ts';

const unitOf = (partition: number, position: number | null): UnitRunner =>
  ({ at: { topic: 't', partition }, position }) as unknown as UnitRunner;

function createHouse(stored: number | null = null) {
  const house = { now: 0, asked: 0, away: false, end: 100 };
  const lag = createUnitLag({
    moduleId: 'm.v1',
    log: {
      async offsets() {
        house.asked += 1;
        if (house.away) throw new Error('away');
        return [0, 1].map((partition) => ({ partition, start: 10, end: house.end }));
      },
    },
    state: {
      position: async () => (stored === null ? null : ({ next: stored } as never)),
    },
    clock: { now: () => house.now },
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  return { house, lag };
}

test('the lag of a unit that reads is what its fetches tell, and nobody else is asked', async () => {
  const { house, lag } = createHouse();
  const unit = unitOf(0, 40);
  for (house.now = 0; house.now < 60_000; house.now += 1_000) {
    lag.told(unit.at, 50);
    await lag.refresh([unit]);
  }
  expect(lag.of(unit)).toBe(10);
  expect(house.asked).toBe(0);
});

test('the lag of one that does not read grows with the log', async () => {
  const { house, lag } = createHouse();
  const unit = unitOf(0, 40);
  lag.told(unit.at, 50);
  house.now = 11_000;
  await lag.refresh([unit]);
  expect(lag.of(unit)).toBe(60);
  await lag.refresh([unit]);
  expect(house.asked).toBe(1);
  house.now = 22_000;
  house.end = 200;
  await lag.refresh([unit]);
  expect(lag.of(unit)).toBe(160);
});

test.each([
  ['what is stored of it', 70, 30],
  ['where the log begins when nothing is', null, 90],
])('the lag of one that is not claimed yet counts from %s', async (_, stored, expected) => {
  const { lag } = createHouse(stored);
  const unit = unitOf(1, null);
  expect(lag.of(unit)).toBeNull();
  await lag.refresh([unit]);
  expect(lag.of(unit)).toBe(expected);
});

test('a log that is away leaves the lag as it was known', async () => {
  const { house, lag } = createHouse();
  const unit = unitOf(0, 40);
  lag.told(unit.at, 50);
  house.now = 60_000;
  house.away = true;
  await lag.refresh([unit]);
  expect(lag.of(unit)).toBe(10);
});
