import type { Module } from '../shared/module.ts';
import type { Position } from '../shared/state/port.ts';
import type { Positions } from './positions.ts';
import { type Rebuilding, UNCLAIMED } from './rebuilding.ts';
import { type Made, madeOf, readSources, sumOf } from './rekeyed-sources.ts';

export interface RekeyedStandingsDeps {
  readonly positions: Positions;
  readonly namespace: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface RekeyedStandings {
  /**
   * How far the states of a rekey unit are, whose position was just read; null when they are complete. Rejects with a
   * retriable STATE_UNAVAILABLE when the store does not answer.
   */
  rebuilding(module: Module, partition: number, position: Position | null): Promise<Rebuilding | null>;
}

/** What is remembered of a module all of whose sources were seen at their targets. */
interface Arrival {
  /** When that was first seen, in milliseconds. */
  readonly at: number;
  /** By rekey partition: when the unit was caught up after that, as first seen. */
  readonly caughtUp: Map<number, number>;
  /** The rekey partitions that have all that the sources gave up to then. */
  readonly complete: Set<number>;
}

/** Only a rekey unit that is caught up is done, however many events were made. */
const MOST_BEFORE_CAUGHT_UP = 0.99;

function progressOf({ next, target }: Made): number {
  return Math.min(MOST_BEFORE_CAUGHT_UP, target === 0 ? 1 : next / target);
}

/**
 * Tells when the states of rekeyed reducers are complete: all source units of their module have reached their targets,
 * so all of history was published under the other keys, and the rekey unit was caught up after that.
 *
 * A unit writes when it was caught up at the end of the work on a fetch, whose answer may be older. So one such moment
 * after the sources' arrival says nothing yet; the next one is that of a fetch that began after the first.
 */
export function createRekeyedStandings(deps: RekeyedStandingsDeps): RekeyedStandings {
  const { positions, namespace, now } = deps;
  /** By module. */
  const arrivals = new Map<string, Arrival>();
  const looks = new Map<string, Promise<Made | null>>();

  async function look(module: Module): Promise<Made | null> {
    const sources = await readSources(positions, namespace, module);
    if (sources === null || sources.next < sources.target) arrivals.delete(module.id);
    else if (!arrivals.has(module.id))
      arrivals.set(module.id, { at: now(), caughtUp: new Map(), complete: new Set() });
    return sources;
  }

  /** Whoever asks while the sources are being looked at shares what is found. */
  function sharedLook(module: Module): Promise<Made | null> {
    const looking = looks.get(module.id) ?? look(module).finally(() => looks.delete(module.id));
    looks.set(module.id, looking);
    return looking;
  }

  function isComplete({ at, caughtUp, complete }: Arrival, partition: number, time: number | null): boolean {
    if (complete.has(partition)) return true;
    if (time === null || time <= at) return false;
    const first = caughtUp.get(partition);
    if (first === undefined) caughtUp.set(partition, time);
    else if (time > first) complete.add(partition);
    return complete.has(partition);
  }

  return {
    async rebuilding(module, partition, position) {
      const sources = await sharedLook(module);
      const own = madeOf(position);
      const arrival = arrivals.get(module.id);
      if (own === null || own.next < own.target) {
        arrival?.caughtUp.delete(partition);
        arrival?.complete.delete(partition);
      } else if (arrival !== undefined && isComplete(arrival, partition, position!.caughtUpAt)) return null;
      if (sources === null || own === null) return UNCLAIMED;
      const all = sumOf([sources, own]);
      return { ...all, progress: progressOf(all) };
    },
  };
}
