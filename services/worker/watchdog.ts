import { Worker } from 'node:worker_threads';
import type { Unit } from '../shared/state/port.ts';
import { unitName } from '../shared/state/unit-name.ts';
import type { LastWords } from './last-words.ts';

export interface WatchdogDeps {
  /** How long the event loop may stand still, in milliseconds; below the session timeout of the groups. */
  readonly ms: number;
  /** Names the reducers of units, in REDUCERS order. */
  readonly modules: readonly { readonly id: string; readonly reducers: readonly { readonly id: string }[] }[];
  /** How to note the event in hand in the store before the process ends; absent where nobody else could read it. */
  readonly lastWords?: LastWords | null;
}

export interface Watchdog {
  /** Says under which token a unit is reduced from now on. */
  claimed(unit: Unit, token: string): void;
  /** Says what is about to be reduced. Costs a few stores; to be called before every call of a reducer. */
  reducing(unit: Unit, reducerIndex: number, offset: number): void;
  stop(): Promise<void>;
}

/** What the thread is started with. */
export interface Watched {
  /** By `BEATS`. */
  readonly beats: Int32Array;
  /** By `CELL`. */
  readonly cells: Float64Array;
  readonly tickMs: number;
  /** How many of its ticks may pass without a beat. */
  readonly ticks: number;
  readonly lastWords: LastWords | null;
}

/** Told to the thread before a unit's number stands in a cell for the first time. */
export interface WatchedUnit {
  readonly kind: 'unit';
  readonly number: number;
  readonly unit: Unit;
  readonly reducers: readonly string[];
}

export type ToThread =
  | WatchedUnit
  | { readonly kind: 'claim'; readonly number: number; readonly token: string };

/** Counts the turns of the event loop. */
export const BEATS = 0;
/** What the last call of a reducer was for, and the beat during which it was made. */
export const CELL = { unit: 0, reducer: 1, offset: 2, beat: 3 } as const;
/** In how many ticks the time is counted. */
const TICKS = 20;

/** Node runs threads from JavaScript, so there is one in the built product only. */
const THREAD = new URL('./watchdog-thread.js', import.meta.url);

/**
 * Ends the process when its event loop stands still: no code of ours runs any more in a process whose reducer never
 * returns, so a thread of its own looks on. It writes one line to stderr that names what was being reduced, without
 * anything of a learner, notes the event in hand in the store, as far as that takes it no longer than a moment, and kills
 * the process; whoever supervises starts it anew.
 *
 * The thread counts ticks of its own. A process that was stopped, or a machine that was asleep, stood still as a whole,
 * thread and all, and goes on unharmed. So does work that takes long and lets others have their turns.
 */
export function createWatchdog({ ms, modules, lastWords = null }: WatchdogDeps): Watchdog {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const cells = new Float64Array(new SharedArrayBuffer(4 * Float64Array.BYTES_PER_ELEMENT)).fill(-1);
  const tickMs = ms / TICKS;
  const watched: Watched = { beats, cells, tickMs, ticks: TICKS, lastWords };
  const thread = new Worker(THREAD, { workerData: watched, name: 'watchdog' });
  thread.unref();
  // Twice in a tick, so that one late beat is none missed.
  const timer = setInterval(() => Atomics.add(beats, BEATS, 1), tickMs / 2);
  timer.unref();

  const tell = (message: ToThread): void => thread.postMessage(message);

  /** By name, because a unit that comes back is another object. */
  const numbers = new Map<string, number>();
  let last: Unit | null = null;

  const numberOf = (unit: Unit): number => {
    const { module, topic, partition } = unit;
    const name = unitName(unit);
    const known = numbers.get(name);
    if (known !== undefined) return known;
    const number = numbers.size;
    numbers.set(name, number);
    const reducers = modules.find(({ id }) => id === module)?.reducers.map(({ id }) => id) ?? [];
    tell({ kind: 'unit', number, unit: { module, topic, partition }, reducers });
    return number;
  };

  return {
    claimed: (unit, token) => tell({ kind: 'claim', number: numberOf(unit), token }),
    reducing(unit, reducerIndex, offset) {
      if (unit !== last) {
        cells[CELL.unit] = numberOf(unit);
        last = unit;
      }
      cells[CELL.reducer] = reducerIndex;
      cells[CELL.offset] = offset;
      // Plain accesses do: nobody reads them before the process has stood still for long.
      cells[CELL.beat] = beats[BEATS]!;
    },
    async stop() {
      clearInterval(timer);
      await thread.terminate();
    },
  };
}
