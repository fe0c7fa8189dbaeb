import { printFigure } from './figure.ts';
import { costOf, type GrowthSize, printSpread, reduceAll } from './growth-cost.ts';
import type { House } from './house.ts';

/** How many keys are busy at a time: a school's lessons. */
const BUSY_KEYS = 1_000;
const PAYLOAD_BYTES = 150;
const bench = 'growth';

/** Steps through all the keys, far apart from one to the next. */
function scattered(event: number, keys: number): number {
  return (event * 7_919) % keys;
}

/**
 * The same traffic with ever more keys that have a state, in two ways:
 * - `keys_busy`: on the same thousand keys each time, while ever more others only have a state: what is stored, and not
 *   used, costs nothing;
 * - `keys_scattered`: on all of them in turn, 1,000 to 1,000,000: nearly every event needs a state that others have
 *   pushed out of memory, and every checkpoint is full of keys. This is what an event costs with so many keys.
 */
export async function keys(house: House, counts: readonly number[], size: GrowthSize): Promise<void> {
  const { warmUp, measured } = size;
  const busy: number[] = [];
  const spread: number[] = [];
  for (const count of counts) {
    const first = Math.ceil(warmUp / count) * count;
    const pick = (event: number): number => {
      if (event < first) return event % count;
      const own = event - first;
      return own < measured ? scattered(own % BUSY_KEYS, count) : scattered(own, count);
    };
    const loaded = await house.load({
      source: `bench.keys${count}`,
      events: first + 2 * measured,
      students: count,
      pick,
      payloadBytes: PAYLOAD_BYTES,
      sessions: true,
    });
    const made = { by: 'counting', with: 1, reducers: 1 } as const;
    const runs = await reduceAll(house, `keys_${count}`, loaded, made, size.runs);
    busy.push(costOf(runs, first, measured));
    spread.push(costOf(runs, first + measured, measured));
    printFigure({ bench, figure: `keys_busy_${count}_cpu`, value: busy.at(-1)!, unit: 'us' });
    printFigure({ bench, figure: `keys_scattered_${count}_cpu`, value: spread.at(-1)!, unit: 'us' });
  }
  printSpread('keys_busy_worst_to_best', busy);
  printSpread('keys_scattered_worst_to_best', spread);
}
