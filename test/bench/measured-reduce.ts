import type { BenchModule, House, Loaded } from './house.ts';
import type { Measured } from './measure.ts';
import { allStored, assertExact } from './outcome.ts';
import { sampleAt } from './samples.ts';
import { startTogether } from './together.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

export interface ReduceRun {
  readonly modules: readonly BenchModule[];
  readonly loaded: Loaded;
  readonly workers?: number;
  readonly nodeArgs?: readonly string[];
}

/**
 * Reduces a whole topic with new modules in worker processes, from the first event reduced to the last checkpoint, and
 * throws unless every state comes out right. Several workers begin together; measured is from when the last of them got
 * its first event.
 */
export async function measureReduce(house: House, reduceRun: ReduceRun): Promise<Measured> {
  const { modules, loaded } = reduceRun;
  await house.quiet();
  const start = (): Promise<WorkerProcess[]> =>
    Promise.all(
      Array.from({ length: reduceRun.workers ?? 1 }, () =>
        startWorkerProcess({ house, modules, nodeArgs: reduceRun.nodeArgs ?? [] }),
      ),
    );
  const workers =
    reduceRun.workers === undefined ? await start() : await startTogether(house, modules, start);
  try {
    await allStored(house, modules, loaded, workers);
    const endedAt = Date.now();
    const endedCpu = workers.reduce((sum, worker) => sum + worker.cpuMicros(), 0);
    const samples = workers.map((worker) => worker.samples());
    const idle = samples.findIndex((list) => list.length === 0);
    if (idle >= 0)
      throw new Error(`worker ${idle + 1} of ${workers.length} got no event; use more with --events`);
    const startedAt = Math.max(...samples.map((list) => list[0]!.at));
    const perEvent = modules.reduce((sum, { reducers }) => sum + reducers, 0);
    const starts = samples.map((list) => sampleAt(list, 'at', startedAt));
    const startedCpu = starts.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0);
    const events = loaded.events - starts.reduce((sum, { reduced }) => sum + reduced, 0) / perEvent;
    for (const worker of workers) await worker.stop();
    for (const module of modules) await assertExact(house, module, loaded);
    return {
      eventsPerSecond: (1_000 * events) / (endedAt - startedAt),
      cpuMicrosPerEvent: (endedCpu - startedCpu) / events,
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
  }
}
