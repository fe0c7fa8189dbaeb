import { Registry } from 'prom-client';
import type { Clock } from '../shared/clock.ts';
import { createControl } from '../shared/control/control.ts';
import type { EmbeddedEnv } from '../shared/embedded.ts';
import { LecternError } from '../shared/errors.ts';
import type { Recorded } from '../shared/log/recorded.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/module.ts';
import type { Strays } from '../worker/strays.ts';
import type { Watchdog } from '../worker/watchdog.ts';
import { createWorker, type Worker, type WorkerLimits } from '../worker/worker.ts';
import { createQuietControl } from './quiet-control.ts';
import { createStall } from './stall.ts';
import { openStores, unitTopics } from './stores.ts';
import { createThrough } from './through.ts';
import { createToldRecords } from './told-records.ts';

export interface FoldRecordedDeps {
  /** The events topics, and where they are archived the control topic and the module's rekey topic. */
  readonly recorded: Recorded;
  /** Of topics that are made anew. */
  readonly partitions: number;
  readonly module: Module;
  readonly namespace: string;
  /** Where states are kept, and how far they are: of this replay alone, and what an earlier run of it left there. */
  readonly env: EmbeddedEnv;
  readonly limits: WorkerLimits;
  readonly watchdog: Pick<Watchdog, 'claimed' | 'reducing'>;
  readonly strays: Pick<Strays, 'call'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly perSecond?: number | undefined;
  readonly onRead: (records: number) => void;
  /** Ends it early: what is folded until then is stored. */
  readonly signal?: AbortSignal | undefined;
}

const LOOK_EVERY_MS = 50;
/** Of units that wait for their turn nobody knows how long that takes. */
const STILL_MS = 3_600_000;

function stallText(worker: Worker): string {
  const units = worker.notReady();
  return `nothing got on for minutes${units.length === 0 ? '' : `: ${units.join('; ')}`}; run this again, which goes on from what is stored`;
}

/**
 * Folds everything that is recorded, once, with the worker that reduces live events, and resolves when all of it is in the
 * stored states; or when `signal` says so, with false. Rejects with what keeps it from going on: an archive that cannot be
 * read, a module that would pause, or nothing getting on for long. The next run on the same environment goes on from what
 * is stored.
 */
export async function foldRecorded(deps: FoldRecordedDeps): Promise<boolean> {
  const { module, namespace, clock, logger } = deps;
  const stall = createStall(clock, deps.limits.budgetMs);
  const records = createToldRecords({
    ...deps,
    onRead(count) {
      stall.gotOn();
      deps.onRead(count);
    },
  });
  const { log, state, history } = await openStores({ ...deps, records });
  const control = createControl({ log, history, namespace, logger });
  let fault: Error | null = null;
  const failed = (error: Error): void => {
    fault ??= error;
  };
  const worker = createWorker({
    ...deps,
    log,
    state,
    history,
    control: createQuietControl(control, (reason) =>
      failed(
        new LecternError(
          'UNIT_STOPPED',
          `${module.name} would pause: ${reason}; correct the module, or raise LECTERN_BREAKER_OPEN, and run this again`,
        ),
      ),
    ),
    modules: [module],
    limits: { ...deps.limits, stillMs: STILL_MS },
    registry: new Registry(),
    failed,
  });
  const isThrough = createThrough({
    log,
    state,
    moduleId: module.id,
    topics: unitTopics(module, namespace),
    gotOn: stall.gotOn,
  });
  const problem = (): Error | null => {
    const [stopped] = worker.stopped();
    if (stopped !== undefined) return new LecternError('UNIT_STOPPED', stopped);
    return stall.isOver() ? new LecternError('UNIT_STOPPED', stallText(worker)) : null;
  };
  try {
    await worker.run();
    while (!(await isThrough())) {
      const found = fault ?? problem();
      if (found !== null) throw found;
      if (deps.signal?.aborted === true) return false;
      await clock.sleep(LOOK_EVERY_MS);
    }
    return true;
  } finally {
    await worker.stop();
    await control.close();
    await log.close();
  }
}
