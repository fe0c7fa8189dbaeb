import type { Run } from '../../deploy/local/run.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { printFigure } from './figure.ts';
import { type House, type Loaded, type Made, PARTITIONS, withHouse } from './house.ts';
import { studentName } from './load.ts';
import { median } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { allStored, assertExact } from './outcome.ts';
import type { ProbeSample } from './probe.ts';
import { sampleAt } from './samples.ts';
import { startWorkerProcess } from './worker-process.ts';

/** Before anything is measured, so that the code is compiled and every key has a state. */
const WARM_UP = 100_000;
/** What is measured of each kind of traffic. */
const MEASURED = 200_000;
/** How many keys are busy at a time: a school's lessons. */
const BUSY_KEYS = 1_000;
const PAYLOAD_BYTES = 150;
/** Left out at both ends of what is measured: partitions are not read in step, so the traffics overlap there. */
const MARGIN = 0.1;
const STRETCHES = 5;
const WINDOWS = 10;
/** Who warms up the append-only states. */
const OTHERS = 5_000;
const MOST_TIMES = 1.3;
const bench = 'growth';

/** Steps through all the keys, far apart from one to the next. */
function scattered(event: number, keys: number): number {
  return (event * 7_919) % keys;
}

/** CPU of an event, in microseconds, between two numbers of events. */
function cpuBetween(samples: readonly ProbeSample[], from: number, to: number): number {
  const spent = sampleAt(samples, 'reduced', to).cpuMicros - sampleAt(samples, 'reduced', from).cpuMicros;
  return spent / (to - from);
}

/** Of several stretches of it, so that another program's doing in one of them counts little. */
function medianBetween(samples: readonly ProbeSample[], from: number, to: number): number {
  const step = (to - from) / STRETCHES;
  return median(
    Array.from({ length: STRETCHES }, (_, index) =>
      cpuBetween(samples, from + index * step, from + (index + 1) * step),
    ),
  );
}

/** Reduces a topic with one worker and gives its samples; throws unless every state comes out right. */
async function reduceAll(
  house: House,
  name: string,
  loaded: Loaded,
  made: Made,
): Promise<readonly ProbeSample[]> {
  const module = house.module(name, loaded.source, made);
  await house.quiet();
  const worker = await startWorkerProcess({ house, modules: [module] });
  try {
    await allStored(house, [module], loaded, [worker]);
    const samples = worker.samples();
    await worker.stop();
    await assertExact(house, module, loaded);
    return samples;
  } finally {
    await worker.kill();
  }
}

function printSpread(figure: string, costs: readonly number[]): void {
  if (costs.length < 2) return;
  const best = Math.min(...costs);
  const value = Math.max(...costs) / best;
  printFigure({ bench, figure, value, unit: 'times', target: MOST_TIMES, met: value <= MOST_TIMES });
}

/**
 * The same traffic with ever more keys that have a state, in two ways:
 * - `keys_busy`: on the same thousand keys each time, while ever more others only have a state: what is stored, and not
 *   used, costs nothing;
 * - `keys_scattered`: on all of them in turn, 1,000 to 1,000,000: nearly every event needs a state that others have
 *   pushed out of memory, and every checkpoint is full of keys. This is what an event costs with so many keys.
 */
async function keys(house: House, counts: readonly number[]): Promise<void> {
  const busy: number[] = [];
  const spread: number[] = [];
  for (const count of counts) {
    const first = Math.ceil(WARM_UP / count) * count;
    const pick = (event: number): number => {
      if (event < first) return event % count;
      const own = event - first;
      return own < MEASURED ? scattered(own % BUSY_KEYS, count) : scattered(own, count);
    };
    const events = first + 2 * MEASURED;
    const source = `bench.keys${count}`;
    const loaded = await house.load({
      source,
      events,
      students: count,
      pick,
      payloadBytes: PAYLOAD_BYTES,
      sessions: true,
    });
    const made = { by: 'counting', with: 1, reducers: 1 } as const;
    const samples = await reduceAll(house, `keys_${count}`, loaded, made);
    const window = (start: number): number =>
      medianBetween(samples, start + MARGIN * MEASURED, start + (1 - MARGIN) * MEASURED);
    busy.push(window(first));
    spread.push(window(first + MEASURED));
    printFigure({ bench, figure: `keys_busy_${count}_cpu`, value: busy.at(-1)!, unit: 'us' });
    printFigure({ bench, figure: `keys_scattered_${count}_cpu`, value: spread.at(-1)!, unit: 'us' });
  }
  printSpread('keys_busy_worst_to_best', busy);
  printSpread('keys_scattered_worst_to_best', spread);
}

/** The first students of whom each partition has one. */
function oneOfEachPartition(): number[] {
  const found = new Map<number, number>();
  for (let student = 0; found.size < PARTITIONS; student++) {
    const partition = partitionOf(studentName(student), PARTITIONS);
    if (!found.has(partition)) found.set(partition, student);
  }
  return [...found.values()];
}

/** Few keys whose append-only states grow with every event. */
async function eventsOfAKey(house: House, perKey: number): Promise<void> {
  const students = oneOfEachPartition();
  const most = Math.max(...students) + 1;
  const growing = perKey * students.length;
  const pick = (event: number): number =>
    event < WARM_UP ? most + (event % OTHERS) : students[event % students.length]!;
  const source = 'bench.events_of_a_key';
  const loaded = await house.load({
    source,
    events: WARM_UP + growing,
    students: most + OTHERS,
    pick,
    payloadBytes: PAYLOAD_BYTES,
    sessions: true,
  });
  const made = { by: 'appending', with: 1, reducers: 1 } as const;
  const samples = await reduceAll(house, 'events_of_a_key', loaded, made);
  const costs = Array.from({ length: WINDOWS }, (_, index) =>
    medianBetween(
      samples,
      WARM_UP + (index * growing) / WINDOWS,
      WARM_UP + ((index + 1) * growing) / WINDOWS,
    ),
  );
  for (const index of [0, Math.floor(WINDOWS / 2), WINDOWS - 1])
    printFigure({
      bench,
      figure: `events_of_a_key_${((index + 1) * perKey) / WINDOWS}_cpu`,
      value: costs[index]!,
      unit: 'us',
    });
  printSpread('events_of_a_key_worst_to_best', costs);
}

/**
 * What an event costs when there are more keys (`keys_scattered_*`, and `keys_busy_*` with few of them in use), and when a
 * key had more events (`events_of_a_key_*`). Each `_worst_to_best` is the largest of its costs by the smallest.
 */
export function growth(run: Run, options: BenchOptions): Promise<void> {
  return withHouse(run, async (house) => {
    await keys(house, options.keys);
    await eventsOfAKey(house, options.perKey);
  });
}
