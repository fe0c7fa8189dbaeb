import type { Run } from '../../deploy/local/run.ts';
import type { GrowthSize } from './growth-cost.ts';
import { eventsOfAKey } from './growth-events.ts';
import { keys } from './growth-keys.ts';
import { withHouse } from './house.ts';
import type { BenchOptions } from './options.ts';

const FULL: GrowthSize = { warmUp: 100_000, measured: 200_000, runs: 3 };
/** Enough for every figure to be one, and too little to be believed. */
const BRIEF: GrowthSize = { warmUp: 2_000, measured: 5_000, runs: 1 };

/**
 * What an event costs when there are more keys (`keys_scattered_*`, and `keys_busy_*` with few of them in use), and when a
 * key had more events (`events_of_a_key_*`). Each `_worst_to_best` is the largest of its costs by the smallest.
 */
export function growth(run: Run, options: BenchOptions): Promise<void> {
  const size = options.brief ? BRIEF : FULL;
  return withHouse(run, async (house) => {
    await keys(house, options.keys, size);
    await eventsOfAKey(house, options.perKey, size);
  });
}
