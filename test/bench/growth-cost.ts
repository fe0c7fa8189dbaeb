import { waitFor } from '../support/wait.ts';
import { printFigure } from './figure.ts';
import type { House, Loaded, Made } from './house.ts';
import { median } from './measure.ts';
import { allStored, assertExact } from './outcome.ts';
import type { ProbeSample } from './probe.ts';
import { sampleAt } from './samples.ts';
import { startWorkerProcess } from './worker-process.ts';

/** How much is reduced. */
export interface GrowthSize {
  /** Before anything is measured, so that the code is compiled and every key has a state. */
  readonly warmUp: number;
  /** What is measured of each kind of traffic over many keys. */
  readonly measured: number;
  /** How often all of it is reduced anew. */
  readonly runs: number;
}

/** Left out at both ends of what is measured: partitions are not read in step, so the traffics overlap there. */
const MARGIN = 0.1;
const STRETCHES = 5;
const MOST_TIMES = 1.3;

/** CPU of an event, in microseconds, between two numbers of events. */
function cpuBetween(samples: readonly ProbeSample[], from: number, to: number): number {
  const spent = sampleAt(samples, 'reduced', to).cpuMicros - sampleAt(samples, 'reduced', from).cpuMicros;
  return spent / (to - from);
}

/**
 * CPU of an event, in microseconds, of so many events from one on: the median of several stretches of each run, so that
 * another program's doing in one of them counts little.
 */
export function costOf(runs: readonly (readonly ProbeSample[])[], start: number, events: number): number {
  const from = start + MARGIN * events;
  const step = ((1 - 2 * MARGIN) * events) / STRETCHES;
  return median(
    runs.flatMap((samples) =>
      Array.from({ length: STRETCHES }, (_, index) =>
        cpuBetween(samples, from + index * step, from + (index + 1) * step),
      ),
    ),
  );
}

async function reduceOnce(
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
    await waitFor(() => worker.samples().at(-1)!.reduced >= loaded.events, {
      message: 'the worker told of its last event',
    });
    const samples = worker.samples();
    await worker.stop();
    await assertExact(house, module, loaded);
    return samples;
  } finally {
    await worker.kill();
  }
}

/** Reduces a topic with one worker, as often as told, and gives the samples; throws unless every state comes out right. */
export async function reduceAll(
  house: House,
  name: string,
  loaded: Loaded,
  made: Made,
  runs: number,
): Promise<readonly (readonly ProbeSample[])[]> {
  const samples: (readonly ProbeSample[])[] = [];
  for (let run = 1; run <= runs; run++) samples.push(await reduceOnce(house, `${name}_${run}`, loaded, made));
  return samples;
}

/** The largest of several costs by the smallest. */
export function printSpread(figure: string, costs: readonly number[]): void {
  if (costs.length < 2) return;
  const best = Math.min(...costs);
  const value = Math.max(...costs) / best;
  printFigure({
    bench: 'growth',
    figure,
    value,
    unit: 'times',
    target: MOST_TIMES,
    met: value <= MOST_TIMES,
  });
}
