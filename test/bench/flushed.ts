import { Redis } from 'ioredis';
import { loseFirstRecords } from '../faults/expire.ts';
import { waitFor } from '../support/wait.ts';
import { archiveTopic } from './archiver-process.ts';
import { printFigure } from './figure.ts';
import { type BenchModule, type House, type Loaded, PARTITIONS } from './house.ts';
import { allStored, assertExact, storedEvents } from './outcome.ts';
import { say } from './together.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

/** Reduced by the same process before anything is measured, so that the code is compiled. */
const WARM_UP = 200_000;
const LOAD = { students: 5_000, payloadBytes: 300, sessions: true };
const bench = 'takeover';

export interface Flushed {
  readonly events: number;
  /** Whether everything is lost once more when only the archive has it. */
  readonly archive: boolean;
}

interface Measured {
  /** From the first event reduced to the last one stored. */
  readonly eventsPerSecond: number;
  readonly startedAt: number;
  readonly firstAt: number;
  readonly endedAt: number;
}

/** What a module's worker does from now on, until everything is stored. */
async function measure(
  house: House,
  module: BenchModule,
  loaded: Loaded,
  worker: WorkerProcess,
  begin: () => Promise<void>,
): Promise<Measured> {
  await house.quiet();
  const startedAt = Date.now();
  await begin();
  await waitFor(async () => (await storedEvents(house, module, loaded.topic)) < loaded.events, {
    message: 'there is something to reduce',
  });
  await allStored(house, [module], loaded, [worker]);
  const endedAt = Date.now();
  const firstAt = worker.resumed().find(({ at }) => at >= startedAt)!.at;
  return { eventsPerSecond: (1_000 * loaded.events) / (endedAt - firstAt), startedAt, firstAt, endedAt };
}

function printReplay(figure: string, { eventsPerSecond: value }: Measured, live: Measured): void {
  const target = live.eventsPerSecond;
  printFigure({
    bench,
    figure,
    value,
    unit: 'events/s',
    ratio: value / live.eventsPerSecond,
    ratioTo: 'live',
    target,
    met: value >= target,
  });
}

/**
 * Everything in Redis is lost when everything is reduced: once while the log has all of it, and, with `archive`, once
 * when it has only the end, so that the replay comes out of the archive. `live` is how fast the same warm process reduced
 * the same events first.
 */
export async function flushed(house: House, { events, archive }: Flushed): Promise<void> {
  const watching = { by: 'watching', with: PARTITIONS, reducers: 1 } as const;
  const warmUp = await house.load({ ...LOAD, source: 'bench.warm_up', events: Math.min(events, WARM_UP) });
  const loaded = await house.load({ ...LOAD, source: 'bench.flushed', events });
  const warm = house.module('warm_up', warmUp.source, watching);
  const module = house.module('flushed', loaded.source, watching);
  await say(house, [module], true);
  const worker = await startWorkerProcess({ house, modules: [warm, module] });
  await allStored(house, [warm], warmUp, [worker]);
  await say(house, [warm], true);
  const live = await measure(house, module, loaded, worker, () => say(house, [module], false));

  const flushAll = async (): Promise<void> => {
    const redis = new Redis(house.stack.addresses.redisUrl);
    await redis.flushall();
    await redis.quit();
  };
  const replay = await measure(house, module, loaded, worker, flushAll);
  const replayArchived = async (): Promise<Measured> => {
    await archiveTopic(house, [module], loaded.topic);
    await loseFirstRecords({ brokers: house.stack.addresses.brokers, log: house.log }, loaded.topic);
    return measure(house, module, loaded, worker, flushAll);
  };
  const archived = archive ? await replayArchived() : null;
  await worker.stop();
  await assertExact(house, module, loaded);

  const { startedAt, firstAt, endedAt } = replay;
  printFigure({ bench, figure: 'live', value: live.eventsPerSecond, unit: 'events/s' });
  printFigure({ bench, figure: 'flushall_noticed', value: firstAt - startedAt, unit: 'ms' });
  printReplay('flushall_replay', replay, live);
  printFigure({ bench, figure: 'flushall_healed', value: (endedAt - startedAt) / 1_000, unit: 's' });
  if (archived !== null) printReplay('flushall_replay_archived', archived, live);
}
