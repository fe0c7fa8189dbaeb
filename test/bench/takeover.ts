import type { Run } from '../../deploy/local/run.ts';
import { waitFor } from '../support/wait.ts';
import { printFigure } from './figure.ts';
import { flushed } from './flushed.ts';
import { type House, PARTITIONS, withHouse } from './house.ts';
import { startLiveLoad } from './live-load.ts';
import type { BenchOptions } from './options.ts';
import { allStored, assertExact } from './outcome.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

const SESSION_MS = 6_000;
/** What the log adapter makes of that session: a fifth, and a second at most. */
const HEARTBEAT_MS = Math.min(1_000, SESSION_MS / 5);
const GRACE_MS = 2_000;
const STUDENTS = 400;
/** Enough that each partition gets events all the time, and little enough that nobody lags. */
const EVENTS_PER_SECOND = 2_000;
const FLUSHED_EVENTS = 1_000_000;
const BRIEF_FLUSHED_EVENTS = 20_000;
const DEADLINE_MS = 60_000;
const bench = 'takeover';

/** Who reduces each partition: whoever got events of it again last. */
function owners(workers: readonly WorkerProcess[]): Map<number, WorkerProcess> {
  const found = new Map<number, { readonly at: number; readonly worker: WorkerProcess }>();
  for (const worker of workers)
    for (const { partition, at } of worker.resumed())
      if (at > (found.get(partition)?.at ?? 0)) found.set(partition, { at, worker });
  return new Map([...found].map(([partition, { worker }]) => [partition, worker]));
}

function partitionsOf(worker: WorkerProcess, all: readonly WorkerProcess[]): number[] {
  return [...owners(all)].filter(([, owner]) => owner === worker).map(([partition]) => partition);
}

/** Resolves when each of them reduces as many partitions as the others. */
async function shared(workers: readonly WorkerProcess[]): Promise<void> {
  const even = (): boolean =>
    workers.every((worker) => partitionsOf(worker, workers).length === PARTITIONS / workers.length);
  await waitFor(even, { message: 'the workers share the partitions', timeoutMs: DEADLINE_MS });
}

/** Milliseconds from now, and from what `end` begins now, until the heir reduces the first and the last of them. */
async function takeoverMs(
  heir: WorkerProcess,
  partitions: readonly number[],
  end: () => Promise<void>,
): Promise<{ readonly first: number; readonly last: number }> {
  const startedAt = Date.now();
  const ended = end();
  const resumed = await waitFor(
    () => {
      const times = partitions.map(
        (partition) =>
          heir.resumed().find((line) => line.partition === partition && line.at >= startedAt)?.at,
      );
      return times.every((at) => at !== undefined) && times;
    },
    { message: 'the other worker reduces every partition', timeoutMs: DEADLINE_MS },
  );
  await ended;
  return { first: Math.min(...resumed) - startedAt, last: Math.max(...resumed) - startedAt };
}

function printTakeover(
  figure: string,
  { first, last }: { first: number; last: number },
  target: number,
): void {
  printFigure({ bench, figure: `${figure}_first`, value: first, unit: 'ms' });
  printFigure({ bench, figure, value: last, unit: 'ms', target, met: last <= target });
}

/** Under load, one of two workers is killed; then one of two leaves. The partitions that it had count, the last of them. */
async function leaving(house: House): Promise<void> {
  const source = 'bench.takeover';
  const module = house.module('takeover', source, { by: 'watching', with: PARTITIONS, reducers: 1 });
  const variables = {
    LECTERN_KAFKA_SESSION_TIMEOUT_MS: String(SESSION_MS),
    LECTERN_WATCHDOG_MS: String(SESSION_MS - 1_000),
  };
  const load = await startLiveLoad(house, { source, students: STUDENTS, eventsPerSecond: EVENTS_PER_SECOND });
  const start = (): Promise<WorkerProcess> => startWorkerProcess({ house, modules: [module], variables });

  const [victim, second] = await Promise.all([start(), start()]);
  await shared([victim, second]);
  const killed = await takeoverMs(second, partitionsOf(victim, [victim, second]), () => victim.kill());
  const third = await start();
  await shared([second, third]);
  const left = await takeoverMs(third, partitionsOf(second, [second, third]), () => second.stop());

  const loaded = await load.stop();
  await allStored(house, [module], loaded, [third]);
  await third.stop();
  await assertExact(house, module, loaded);
  printTakeover('takeover_killed', killed, SESSION_MS + HEARTBEAT_MS + GRACE_MS);
  printTakeover('takeover_left', left, GRACE_MS);
}

/** How long partitions stand still when a worker goes, and how fast a lost store is made again. */
export function takeover(run: Run, { brief, ...options }: BenchOptions): Promise<void> {
  const { events = brief ? BRIEF_FLUSHED_EVENTS : FLUSHED_EVENTS } = options;
  return withHouse(run, async (house) => {
    await leaving(house);
    await flushed(house, { events, archive: !brief });
  });
}
