import type { Module } from '../shared/module.ts';
import type { Position } from '../shared/state/port.ts';
import type { Positions } from './positions.ts';
import { type Rebuilding, UNCLAIMED } from './rebuilding.ts';
import { type Made, madeOf, readSources, sumOf } from './rekeyed-sources.ts';

export interface RekeyedStandingsDeps {
  readonly positions: Positions;
  readonly namespace: string;
}

export interface RekeyedStandings {
  /**
   * How far the states of a rekey unit are, whose position was just read; null when they are complete. Rejects with a
   * retriable STATE_UNAVAILABLE when the store does not answer.
   */
  rebuilding(module: Module, position: Position | null): Promise<Rebuilding | null>;
}

/** Only a unit that is known to be complete is done, however many events were made. */
const MOST_BEFORE_COMPLETE = 0.99;

function progressOf({ next, target }: Made): number {
  return Math.min(MOST_BEFORE_COMPLETE, target === 0 ? 1 : next / target);
}

/** A rekey unit's part: also what the sources published since it was claimed counts, once that is known. */
function ownOf(position: Position | null): Made | null {
  const completeAt = position?.completeAt ?? null;
  return madeOf(position && completeAt !== null ? { ...position, target: completeAt } : position);
}

/**
 * Tells when the states of rekeyed reducers are complete: all source units of their module have reached their targets,
 * so all of history was published under the other keys, and the rekey unit passed the end that its topic had then. The
 * unit's owner stored that end with the states; nothing is remembered here, so whoever asks first is told as well.
 */
export function createRekeyedStandings({ positions, namespace }: RekeyedStandingsDeps): RekeyedStandings {
  /** By module. */
  const looks = new Map<string, Promise<Made | null>>();

  /** Whoever asks while the sources are being looked at shares what is found. */
  function look(module: Module): Promise<Made | null> {
    const looking =
      looks.get(module.id) ??
      readSources(positions, namespace, module).finally(() => looks.delete(module.id));
    looks.set(module.id, looking);
    return looking;
  }

  return {
    async rebuilding(module, position) {
      const sources = await look(module);
      const own = ownOf(position);
      if (sources === null || own === null) return UNCLAIMED;
      const all = sumOf([sources, own]);
      if (position!.completeAt !== null && all.next >= all.target) return null;
      return { ...all, progress: progressOf(all) };
    },
  };
}
