import { resolve } from 'node:path';
import { z } from 'zod';
import { type Replayed, replayToFile } from '../replay/replay-to-file.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { systemClock } from '../shared/clock.ts';
import { type Environment, parseConfig } from '../shared/config.ts';
import { createLogger } from '../shared/logger.ts';
import { createRegistry } from '../shared/serve.ts';
import { workerLimits, workerShape } from '../worker/config.ts';
import { createStrays } from '../worker/strays.ts';
import type { Watchdog, WatchdogDeps } from '../worker/watchdog.ts';
import { findOneModule, onlyReducer } from './one-module.ts';
import { archiveNameOf } from './open-archive.ts';
import { createProgress } from './progress.ts';

/** What `lectern replay --out` is given. */
export interface OutArguments {
  readonly module: string;
  readonly reducer?: string;
  readonly out: string;
  readonly from?: number;
  readonly to?: number;
  readonly source?: readonly string[];
  readonly student?: readonly string[];
  readonly rate?: number;
  readonly work?: string;
  readonly dir?: string;
}

/** As shells tell of a process that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

/** Calls `action` with what Ctrl-C aborts. What reducers left behind and failed is theirs, all else ends the process. */
async function untilInterrupted<T>(
  take: (error: unknown) => boolean,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupted = new AbortController();
  const abort = (): void => interrupted.abort();
  const stray = (error: unknown): void => {
    if (!take(error)) throw error;
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, abort);
  process.on('unhandledRejection', stray).on('uncaughtException', stray);
  try {
    return await action(interrupted.signal);
  } finally {
    for (const signal of signals) process.off(signal, abort);
    process.off('unhandledRejection', stray).off('uncaughtException', stray);
  }
}

function tell(outcome: Replayed, id: string, { out }: OutArguments, work: string): void {
  if (outcome.kind === 'interrupted') {
    console.error(`interrupted: what is folded is in ${work}; the same command goes on from there`);
    process.exitCode = EXIT_INTERRUPTED;
    return;
  }
  for (const { reducer, count, at } of outcome.refused)
    console.error(`${reducer}: ${count} dead letter${count === 1 ? '' : 's'}, one of them at ${at}`);
  console.error(`${outcome.states} states of ${id} are in ${out}`);
}

export type CreateWatchdog = (deps: WatchdogDeps) => Watchdog;

/** Folds an archive into final states, with nothing else running. */
export async function replayOut(
  archive: ArchiveStore,
  given: OutArguments,
  env: Environment,
  createWatchdog: CreateWatchdog,
): Promise<void> {
  const config = parseConfig(z.object(workerShape), env);
  const module = onlyReducer(await findOneModule(env, given.module), given.reducer);
  const level = env.LECTERN_LOG_LEVEL ? config.LECTERN_LOG_LEVEL : 'error';
  const logger = createLogger({ service: 'replay', level, destination: process.stderr });
  const strays = createStrays({ logger, registry: createRegistry() });
  const watchdog = createWatchdog({ ms: config.LECTERN_WATCHDOG_MS, modules: [module] });
  const progress = createProgress('events');
  const work = given.work ?? `${given.out}.work`;
  const { from: since, to: until, source: sources, student: students } = given;
  const filters = {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(sources !== undefined && { sources }),
    ...(students !== undefined && { students }),
  };
  try {
    const outcome = await untilInterrupted(strays.take, (signal) =>
      replayToFile({
        archive,
        archiveName: archiveNameOf(env, given.dir),
        module,
        reducer: given.reducer,
        filters,
        namespace: env.LECTERN_NAMESPACE ? config.LECTERN_NAMESPACE : undefined,
        partitions: env.LECTERN_PARTITIONS ? config.LECTERN_PARTITIONS : undefined,
        out: resolve(given.out),
        work,
        limits: workerLimits(config),
        watchdog,
        strays,
        clock: systemClock,
        logger,
        perSecond: given.rate,
        signal,
        onPlan(_, records, resumed) {
          if (resumed) console.error(`goes on with what is in ${work}`);
          progress.expect(records);
        },
        onRead: progress.done,
      }),
    ).finally(progress.end);
    tell(outcome, module.id, given, work);
  } finally {
    await watchdog.stop();
  }
}
