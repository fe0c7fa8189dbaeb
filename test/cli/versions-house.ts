import type { House } from '../../services/cli/house.ts';
import { systemClock } from '../../services/shared/clock.ts';
import { counting, testModule } from '../support/module.ts';
import { checkpoint, openTestHouse, unitOf } from './cli-house.ts';

/** A house in which version 2 of a module is made beside version 1. */

const v1 = testModule(counting);
export const v2 = { ...v1, version: 2, id: 'm.v2' };
export const PARTITIONS = [0, 1];

async function claim(house: House, module: string, target: number): Promise<void> {
  const facts = { formatVersion: 2, partitions: 2, reducersHash: 'h' };
  for (const partition of PARTITIONS) {
    const unit = unitOf(partition, module);
    await house.state.claim(unit, 'owner', facts, target);
    await house.control.publish({ kind: 'unit-claimed', ...unit, token: 'owner' });
  }
}

export async function store(house: House, module: string, nexts: readonly number[]): Promise<void> {
  for (const [partition, next] of nexts.entries())
    await checkpoint(house.state, unitOf(partition, module), next);
}

/** Version 1 is shown, and has 10 records of each partition; version 2 has 10 and 5. */
export async function deployed(given: Partial<House> = {}): Promise<House> {
  const house = await openTestHouse({
    modules: [v1, v2],
    // Whoever keeps up does so by itself in these tests.
    clock: { ...systemClock, sleep: async () => undefined },
    mayRun: false,
    ...given,
  });
  await claim(house, 'm.v1', 0);
  await store(house, 'm.v1', [10, 10]);
  await claim(house, 'm.v2', 10);
  await store(house, 'm.v2', [10, 5]);
  const because = 'no lower version ran before';
  const decision = { module: 'm', version: 1, follows: 0, person: false, auto: true, because };
  await house.control.publish({ kind: 'active-version', ...decision });
  return house;
}

export const activeOf = (house: House): number | undefined => house.control.activeVersion('m')?.version;
