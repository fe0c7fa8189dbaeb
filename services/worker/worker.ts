import { randomUUID } from 'node:crypto';
import type { Registry } from 'prom-client';
import type { Clock } from '../shared/clock.ts';
import type { Control } from '../shared/control/port.ts';
import type { History } from '../shared/history/port.ts';
import { createLazyProducer } from '../shared/log/lazy-producer.ts';
import type { EventLog } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/module.ts';
import type { StateStore } from '../shared/state/port.ts';
import { type Breaker, type BreakerLimits, createBreaker } from './breaker.ts';
import { createBudget } from './budget.ts';
import { createUnit, type UnitLimits } from './create-unit.ts';
import { createDeadLetterMetrics } from './dead-letter-metrics.ts';
import { createDeadLetterRelay } from './dead-letter-relay.ts';
import { createDecoder } from './decode.ts';
import { DUPLICATE_WINDOW } from './duplicate-rules.ts';
import { createWorkerMetrics } from './metrics.ts';
import { createModuleWorker } from './module-worker.ts';
import { createMutex } from './mutex.ts';
import { createSharedDecoder } from './shared-decoder.ts';
import { createSharedWindows } from './shared-windows.ts';
import type { Strays } from './strays.ts';
import { createPausedGauge, createUnitGauges } from './unit-gauges.ts';
import { createUnitWatch } from './unit-watch.ts';
import type { Watchdog } from './watchdog.ts';

export interface WorkerLimits extends UnitLimits {
  /** The largest state, as JSON text; a state type may allow more. */
  readonly maxStateBytes: number;
  /** How long an asynchronous reducer may take for one event. */
  readonly budgetMs: number;
  /**
   * How long a unit that has records may get none, besides `budgetMs`, before it is claimed anew; a minute unless told, and
   * more where units wait for one another's turn.
   */
  readonly stillMs?: number;
  readonly breaker: BreakerLimits;
}

export interface WorkerDeps {
  readonly log: EventLog;
  readonly history: History;
  readonly state: StateStore;
  readonly control: Control;
  readonly modules: readonly Module[];
  readonly namespace: string;
  readonly limits: WorkerLimits;
  /** Is told what is being reduced; ends the process when it stands still. */
  readonly watchdog: Pick<Watchdog, 'claimed' | 'reducing'>;
  /** Calls reducers. */
  readonly strays: Pick<Strays, 'call'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly failed: (error: Error) => void;
}

export interface Worker {
  /** Joins the groups of all modules. Their topics must exist. */
  run(): Promise<void>;
  /** Checkpoints what is reduced and leaves the groups. */
  stop(): Promise<void>;
  /** What keeps it from reducing, one line each. */
  notReady(): readonly string[];
  /** What stands still until somebody acts, while everything else is reduced, one line each. */
  degraded(): readonly string[];
  /** What of it is no pause, and waits for nothing but a person, one line each. */
  stopped(): readonly string[];
}

/**
 * Runs every module, each in a consumer group of its own.
 *
 * Guarantee: a state holds every event of its key before its unit's stored offset exactly once, in log order, without
 * duplicates and what was left out as a dead letter, whatever crashed meanwhile; for each unit:
 * 1. the group assigns the partition: it stays paused;
 * 2. claim: a new owner token goes into the store, which answers with the offset to go on from; control is read to its end;
 * 3. the partition is read from some way before there, out of the archive where the log no longer reaches back: what
 *    was reduced already tells only what is a duplicate, and that it is still the same log;
 * 4. a batch is decoded, the states and sessions that memory lacks are read, large states in several parts, and it is
 *    folded in memory;
 * 5. a cut serialises what changed since the last one; verdicts that a replay could not come to are published first,
 *    when the store has answered that the claim still holds;
 * 6. one atomic command, conditional on token and offset, writes states, dead letters, anchor and the next offset;
 * 7. any other answer than done drops the memory of the unit; the group is asked whether this member still counts,
 *    and if so the unit is claimed again (2);
 * 8. after it, the offset is mirrored to the group, watchers are told and dead letters are copied to their topic:
 *    nothing depends on any of these.
 * A crash at any step leaves states and offset of step 6 as they were, together; the next owner starts at step 2.
 */
export function createWorker(deps: WorkerDeps): Worker {
  const { control, limits } = deps;
  const metrics = createWorkerMetrics(deps.registry);
  const decoder = createSharedDecoder(createDecoder());
  const windows = createSharedWindows(DUPLICATE_WINDOW);
  const policy = { maxStateBytes: limits.maxStateBytes, budget: createBudget(limits.budgetMs, deps.clock) };
  const letters = createDeadLetterMetrics(deps.registry);
  const producer = createLazyProducer(deps.log);
  const relay = createDeadLetterRelay({ ...deps, producer, relayed: letters.relayed });
  createPausedGauge(
    deps.registry,
    control,
    deps.modules.map(({ name }) => name),
  );
  const alone = createMutex();
  const process = randomUUID();
  const breakers: Breaker[] = [];
  const workers = deps.modules.map((module) => {
    const breaker = createBreaker({ ...deps, module, limits: limits.breaker });
    breakers.push(breaker);
    const watch = createUnitWatch({ metrics, letters, breaker, relay });
    return createModuleWorker({
      ...deps,
      module,
      metrics,
      budgetMs: limits.budgetMs,
      ...(limits.stillMs === undefined ? {} : { stillMs: limits.stillMs }),
      createUnit: (at, group) =>
        createUnit({ ...deps, module, producer, decoder, windows, policy, watch, process, alone }, at, group),
    });
  });
  createUnitGauges(
    deps.registry,
    deps.modules.map(({ id }) => id),
    () => workers.flatMap((worker) => worker.units()),
  );
  return {
    async run() {
      await Promise.all(workers.map((worker) => worker.run()));
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
      for (const breaker of breakers) breaker.close();
      await relay.stop();
      await producer.close();
    },
    notReady: () => workers.flatMap((worker) => worker.notReady()),
    degraded: () => workers.flatMap((worker) => worker.degraded()),
    stopped: () => workers.flatMap((worker) => worker.stopped()),
  };
}
