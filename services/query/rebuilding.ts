import type { Position } from '../shared/state/port.ts';

/** How far states are that are made anew out of history. Until then they are nobody's to see. */
export interface Rebuilding {
  /** The offset up to which they are made; of a rekeyed reducer, how many events all its units have made together. */
  readonly next: number;
  /** What `next` must be; null when no worker has taken up the unit yet, or one of the units. */
  readonly target: number | null;
  /** The share that is done, from 0 to 1. */
  readonly progress: number;
}

const MOST_BEFORE_SHOWN = 0.99;

export const UNCLAIMED: Rebuilding = { next: 0, target: null, progress: 0 };

/** Null when the states of a unit are complete. A unit without events has none to wait for. */
export function rebuildingOf(position: Pick<Position, 'next' | 'target'> | null): Rebuilding | null {
  if (position === null) return UNCLAIMED;
  const { next: stored, target } = position;
  const next = stored ?? 0;
  if (target === null || next >= target) return stored === null && target === null ? UNCLAIMED : null;
  return { next, target, progress: next / target };
}

/** Of states that are complete, but of another version than the active one: made, and not to be shown. */
export function notShown(position: Pick<Position, 'next'> | null): Rebuilding {
  const next = position?.next ?? 0;
  return { next, target: next, progress: MOST_BEFORE_SHOWN };
}
