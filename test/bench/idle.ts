import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../deploy/local/run.ts';
import { printFigure } from './figure.ts';
import { withHouse } from './house.ts';
import type { BenchOptions } from './options.ts';
import { startWorkerProcess } from './worker-process.ts';

/** For compiling, joining and claiming to be over, and V8's making its memory smaller after that, which it does once. */
const SETTLE_MS = 45_000;
const SECONDS = { full: 30, brief: 3 };
const TARGET_PERCENT = 1;

/** What a worker costs that has nothing to do: the product's own two modules, 8 partitions each, no events. */
export function idle(run: Run, { brief, ...options }: BenchOptions): Promise<void> {
  return withHouse(run, async (house) => {
    const seconds = options.seconds ?? (brief ? SECONDS.brief : SECONDS.full);
    const worker = await startWorkerProcess({ house, modules: [] });
    await worker.ready();
    if (!brief) await sleep(SETTLE_MS);
    const before = worker.cpuMicros();
    const startedAt = performance.now();
    await sleep(1_000 * seconds);
    const value = (worker.cpuMicros() - before) / (10 * (performance.now() - startedAt));
    worker.assertRunning();
    await worker.stop();
    printFigure({
      bench: 'idle',
      figure: 'idle_cpu',
      value,
      unit: '% of a core',
      target: TARGET_PERCENT,
      met: value < TARGET_PERCENT,
    });
  });
}
