import type { Worker } from '../../../services/worker/worker.ts';
import { createMachine, type Machine } from './machine.ts';
import { type Surroundings, startWorker } from './process.ts';

/** A place for one process, which is started again whenever it has ended. */
export interface Slot {
  readonly machine: Machine;
  readonly worker: Worker;
  /** Ends the process as kill -9 does; the next one starts so much later. */
  crash(ms: number): void;
  /** Asks the process to end; the next one starts so much after it did. */
  stop(ms: number): void;
  freeze(ms: number): void;
  isolate(ms: number): void;
  /** Ends what was to last longer. */
  heal(): void;
}

/** How long a process that ended by itself is away. */
const RESTART_MS = 300;
/** How long a process may take to stop before it is killed. */
const STOP_MS = 5_000;

export function createSlot(around: Surroundings, name: string): Slot {
  const { schedule } = around;
  let starts = 0;
  let machine: Machine;
  let worker: Worker;

  const start = (): void => {
    starts += 1;
    machine = createMachine(`${name} (start ${starts})`, schedule, () => schedule.after(RESTART_MS, start));
    worker = startWorker(around, machine);
  };
  /** Once: whoever ends a process first says when the next one starts. */
  const end = (ended: Machine, ms: number): void => {
    if (ended !== machine || !ended.alive) return;
    ended.cut();
    schedule.after(ms, start);
  };

  start();
  return {
    get machine() {
      return machine;
    },
    get worker() {
      return worker;
    },
    crash: (ms) => end(machine, ms),
    stop(ms) {
      const stopping = machine;
      if (!stopping.alive || stopping.frozen) return;
      schedule.after(STOP_MS, () => end(stopping, 0));
      worker.stop().then(
        () => end(stopping, ms),
        (error: unknown) => schedule.fail(new Error(`${stopping.name} did not stop`, { cause: error })),
      );
    },
    freeze(ms) {
      const frozen = machine;
      frozen.freeze();
      schedule.after(ms, () => frozen.thaw());
    },
    isolate(ms) {
      const isolated = machine;
      isolated.isolated = true;
      schedule.after(ms, () => {
        isolated.isolated = false;
      });
    },
    heal() {
      machine.thaw();
      machine.isolated = false;
    },
  };
}
