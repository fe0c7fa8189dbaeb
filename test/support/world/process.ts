import { Registry } from 'prom-client';
import { createControl } from '../../../services/shared/control/control.ts';
import type { Logger } from '../../../services/shared/logger.ts';
import { createWorker, type Worker, type WorkerDeps } from '../../../services/worker/worker.ts';
import { unattributed } from '../unattributed.ts';
import type { Broker } from './broker.ts';
import type { ControlTopic } from './control.ts';
import { type Archive, createProcessHistory } from './history.ts';
import { createProcessLog, type Groups, type Timeouts } from './log.ts';
import type { Machine } from './machine.ts';
import { buildModule, type ModuleSpec } from './modules.ts';
import { createProcessObjects, type Objects } from './objects.ts';
import type { RedoStore } from './redo-store.ts';
import type { Schedule } from './schedule.ts';
import type { SendFaults } from './sends.ts';
import { createProcessStore, type StoreFaults } from './store.ts';

/** What all processes of a world have in common. */
export interface Surroundings {
  readonly schedule: Schedule;
  readonly broker: Broker;
  readonly groups: Groups;
  readonly timeouts: Timeouts;
  readonly archive: Archive;
  readonly objects: Objects;
  readonly controlTopic: ControlTopic;
  readonly redo: RedoStore;
  readonly faults: StoreFaults;
  readonly sends: SendFaults;
  readonly modules: readonly ModuleSpec[];
  readonly logger: Logger;
  /** Puts something between each process and what it knows: for worlds that are broken on purpose. */
  readonly spoil: (deps: WorkerDeps) => WorkerDeps;
}

export const NAMESPACE = 'world';

/** Few, and soon, so that most processes go on from a snapshot. */
const SNAPSHOT_EVERY = 2;
const SOONER = 50;

const LIMITS = {
  checkpointMs: 100,
  cacheBytes: 20_000,
  maxStateBytes: 100_000,
  budgetMs: 700,
  breaker: { share: 0.5, letters: 10_000, windowMs: 60_000, open: 10_000 },
};

/** A worker with all that it needs, in a process of its own. */
export function startWorker(around: Surroundings, machine: Machine): Worker {
  const { schedule, broker, archive } = around;
  const { clock } = machine;
  const log = createProcessLog({ ...around, machine });
  const history = createProcessHistory(machine, broker, archive);
  const deps: WorkerDeps = {
    log,
    history,
    state: createProcessStore(schedule, machine, around.redo, around.faults),
    control: createControl({
      log,
      history,
      archive: createProcessObjects(schedule, machine, around.objects),
      snapshotEvery: SNAPSHOT_EVERY,
      namespace: NAMESPACE,
      logger: around.logger,
      clock: { ...clock, every: (ms, action) => clock.every(ms / SOONER, action) },
    }),
    modules: around.modules.map((spec) => buildModule(spec, machine)),
    namespace: NAMESPACE,
    limits: LIMITS,
    clock,
    strays: unattributed,
    watchdog: { claimed: () => undefined, reducing: () => undefined },
    logger: around.logger,
    registry: new Registry(),
    failed(error) {
      if (machine.alive) schedule.fail(new Error(`the worker of ${machine.name} gave up`, { cause: error }));
    },
  };
  const worker = createWorker(around.spoil(deps));
  worker.run().catch((error: unknown) => {
    schedule.fail(new Error(`the worker of ${machine.name} did not start`, { cause: error }));
  });
  return worker;
}
