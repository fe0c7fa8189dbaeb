import type { Registry } from 'prom-client';
import type { EventLog } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/modules.ts';
import type { StateStore } from '../shared/state/port.ts';
import { createWorkerMetrics } from './metrics.ts';
import { createModuleWorker } from './module-worker.ts';

export interface WorkerDeps {
  readonly log: EventLog;
  readonly state: StateStore;
  readonly modules: readonly Module[];
  readonly namespace: string;
  readonly checkpointMs: number;
  readonly cacheBytes: number;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly failed: (error: Error) => void;
  readonly now?: () => number;
}

export interface Worker {
  /** Joins the groups of all modules. Their topics must exist. */
  run(): Promise<void>;
  /** Checkpoints what is reduced and leaves the groups. */
  stop(): Promise<void>;
  notReady(): readonly string[];
}

/**
 * Runs every module, each in a consumer group of its own.
 *
 * Guarantee: a state holds every event of its key before its unit's stored offset exactly once, in log order, whatever
 * crashed meanwhile; for each unit:
 * 1. the group assigns the partition: it stays paused;
 * 2. claim: a new owner token goes into the store, which answers with the offset to go on from;
 * 3. the partition is read from exactly there;
 * 4. a batch is decoded, the states that it needs are read in one round trip, and its events are folded in memory;
 * 5. a cut serialises what changed since the last one;
 * 6. one atomic command, conditional on token and offset, writes states, dead letters and the next offset;
 * 7. any other answer than done drops the memory of the unit; the group is asked whether this member still counts,
 *    and if so the unit is claimed again (2);
 * 8. after it, the offset is mirrored to the group and watchers are told: hints, on which nothing depends.
 * A crash at any step leaves states and offset of step 6 as they were, together; the next owner starts at step 2.
 */
export function createWorker(deps: WorkerDeps): Worker {
  const metrics = createWorkerMetrics(deps.registry);
  const now = deps.now ?? Date.now;
  const workers = deps.modules.map((module) => createModuleWorker({ ...deps, module, metrics, now }));
  return {
    async run() {
      await Promise.all(workers.map((worker) => worker.run()));
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
    notReady: () => workers.flatMap((worker) => worker.notReady()),
  };
}
