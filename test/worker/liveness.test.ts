import { describe, expect, test } from '@jest/globals';
import { createLiveness } from '../../services/worker/liveness.ts';
import type { UnitRunner, UnitState } from '../../services/worker/unit-runner.ts';
import type { Losses } from '../../services/worker/unit-status.ts';

const STILL_MS = 60_000;
const LOOK_MS = 1_000;

interface Played {
  state: UnitState;
  progress: number;
  position: number | null;
  isBusy: boolean;
  waitsFor: string | null;
  lost: Losses | null;
  restarts: string[];
}

/** One unit that a test plays, and time that goes as the test says. */
function createHouse(given: Partial<Played> = {}) {
  const unit: Played = {
    state: 'reducing',
    progress: 0,
    position: 5,
    isBusy: false,
    waitsFor: null,
    lost: null,
    restarts: [],
    ...given,
  };
  const runner = Object.assign(unit, {
    at: { topic: 't', partition: 0 },
    trouble: null,
    status: unit,
    restart(because: string) {
      unit.restarts.push(because);
      unit.progress += 1;
    },
  }) as unknown as UnitRunner;
  const house = { now: 0, lag: 0 as number | null, failures: [] as string[], restarted: 0 };
  const liveness = createLiveness({
    clock: { now: () => house.now },
    stillMs: STILL_MS,
    lagOf: () => house.lag,
    restarted() {
      house.restarted += 1;
    },
    failed: (error) => void house.failures.push(error.message),
  });
  const pass = (ms: number, each: () => void = () => undefined): void => {
    for (const end = house.now + ms; house.now < end; house.now += LOOK_MS) {
      each();
      liveness.look([runner]);
    }
  };
  return { unit, house, pass, trouble: () => liveness.troubleOf(runner) };
}

describe('a unit', () => {
  test.each<[string, Partial<Played>, number | null]>([
    ['that has records and folds none', {}, 3],
    ['whose batch hangs', { isBusy: true }, 0],
    ['whose claim hangs', { state: 'claiming', isBusy: true, position: null }, null],
    ['that reads an archive which does not answer', { state: 'reading_back', isBusy: true }, 0],
  ])('%s is named and claimed anew', (_, given, lag) => {
    const { unit, house, pass, trouble } = createHouse(given);
    house.lag = lag;
    pass(STILL_MS - 1_000);
    expect([trouble(), unit.restarts]).toEqual([null, []]);
    pass(2_000);
    expect(unit.restarts).toEqual([expect.stringMatching(/^it has not got on for 60 s while/)]);
    expect(house.restarted).toBe(1);
    expect(trouble()).toMatch(/claimed anew 1 times/);
  });

  test.each<[string, Partial<Played>, number | null]>([
    ['at the end of the log', {}, 0],
    ['of which nothing is known yet', {}, null],
    ['that a person paused', { state: 'paused', isBusy: true }, 9],
    ['that stopped for a reason', { state: 'stopped', isBusy: true }, 9],
    ['that the group is moving', { state: 'suspended', isBusy: true }, 9],
  ])('%s is left alone', (_, given, lag) => {
    const { unit, house, pass, trouble } = createHouse(given);
    house.lag = lag;
    pass(10 * STILL_MS);
    expect([trouble(), unit.restarts, house.failures]).toEqual([null, [], []]);
  });

  test('that is slow but gets on is left alone', () => {
    const { unit, house, pass, trouble } = createHouse({ isBusy: true });
    house.lag = 1_000;
    for (let step = 0; step < 20; step++) {
      pass(STILL_MS - 2_000);
      unit.progress += 1;
    }
    expect([trouble(), unit.restarts]).toEqual([null, []]);
  });

  test('that waits for another unit is named, and not claimed anew', () => {
    const { unit, pass, trouble } = createHouse({
      state: 'claiming',
      isBusy: true,
      waitsFor: 'waits for r/1',
    });
    pass(3 * STILL_MS);
    expect(trouble()).toMatch(/has not got on for 1[78]\d s while claiming: it waits for r\/1/);
    expect(unit.restarts).toEqual([]);
  });

  test('that to claim anew does not help has failed in the end, though each claim gets on at first', () => {
    const { unit, house, pass } = createHouse({ isBusy: true });
    house.lag = 1;
    let left = 0;
    pass(6 * STILL_MS, () => {
      if (unit.restarts.length > left) {
        left = unit.restarts.length;
        unit.progress += 3;
      }
    });
    expect(unit.restarts).toHaveLength(3);
    expect(house.failures[0]).toMatch(/^t\/0 hangs .* did not help 3 times/);
  });

  test('that gets on after it was claimed anew has all its chances again', () => {
    const { unit, house, pass, trouble } = createHouse({ isBusy: true });
    house.lag = 1;
    for (let round = 0; round < 6; round++) {
      pass(STILL_MS + 2_000);
      unit.progress += 1;
      unit.position! += 1;
      pass(1_000);
      expect(trouble()).toBeNull();
    }
    expect(unit.restarts).toHaveLength(6);
    expect(house.failures).toEqual([]);
  });

  test('of a process that was frozen is given its time', () => {
    const { unit, house, pass } = createHouse({ isBusy: true });
    pass(STILL_MS - 5_000);
    house.now += 10 * STILL_MS;
    pass(STILL_MS - 5_000);
    expect(unit.restarts).toEqual([]);
    pass(10_000);
    expect(unit.restarts).toHaveLength(1);
  });

  describe('that claims and folds, but loses its claim before anything is stored,', () => {
    const lose = (unit: Played): void => {
      unit.progress += 5;
      unit.lost = { times: (unit.lost?.times ?? 0) + 1, because: 'claim lost: the store is full' };
    };

    test('is named with what came of it, and not claimed anew once more', () => {
      const { unit, house, pass, trouble } = createHouse({ isBusy: true });
      house.lag = 3;
      for (let round = 0; round < 12; round++) {
        pass(5_000, () => expect(trouble()).toBeNull());
        lose(unit);
      }
      pass(6_000);
      expect(trouble()).toMatch(/^has stored nothing for 6\d s, in 12 attempts, .*: the store is full; see/);
      expect([unit.restarts, house.failures]).toEqual([[], []]);
      unit.lost = null;
      pass(1_000);
      expect(trouble()).toBeNull();
    });

    test('is named wherever its position stands meanwhile, which is that of the last claim', () => {
      const { unit, house, pass, trouble } = createHouse({ isBusy: true });
      for (let round = 0; round < 15; round++) {
        unit.position! += 3;
        house.lag = 0;
        pass(3_000);
        lose(unit);
        unit.position! -= 3;
        house.lag = 3;
        pass(3_000);
      }
      expect(trouble()).toMatch(/has stored nothing/);
    });

    test('is given its time as long as it was seldom', () => {
      const { unit, house, pass, trouble } = createHouse({ isBusy: true });
      house.lag = 3;
      lose(unit);
      pass(STILL_MS - 2_000);
      lose(unit);
      pass(STILL_MS - 2_000);
      expect(trouble()).toBeNull();
    });

    test('has its time anew when it was held, or the process frozen', () => {
      const { unit, house, pass, trouble } = createHouse({ isBusy: true });
      house.lag = 3;
      for (let round = 0; round < 4; round++) lose(unit);
      pass(STILL_MS - 2_000);
      unit.state = 'paused';
      pass(2_000);
      unit.state = 'claiming';
      pass(STILL_MS - 2_000);
      house.now += STILL_MS;
      unit.progress += 1;
      pass(STILL_MS - 2_000);
      expect(trouble()).toBeNull();
    });
  });
});
