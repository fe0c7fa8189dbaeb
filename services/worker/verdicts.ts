import type { Control, LeftOut, LeftOutWhy } from '../shared/control/port.ts';
import type { Unit } from '../shared/state/port.ts';

/** The verdicts on a unit: those that stand, and those of this claim, which must be durable before a checkpoint is. */
export interface Verdicts {
  /** The verdict that leaves an event out of a reducer at its place, if there is one. */
  of(reducer: string, offset: number): LeftOut | undefined;
  add(reducer: string, offset: number, why: LeftOutWhy, reason: string): void;
  /**
   * Resolves when all that were added are durable: a replay then comes to them too. Rejects when one does not count,
   * because a later claim stands before it.
   */
  publish(): Promise<void>;
}

export function createVerdicts(
  control: Pick<Control, 'leftOut' | 'publish'>,
  unit: Unit,
  token: string,
): Verdicts {
  const standing = control.leftOut(unit);
  let added: LeftOut[] = [];
  return {
    // Asked for every event: almost always there is none at all.
    of: (reducer, offset) => (standing.size === 0 ? undefined : standing.get(`${reducer}@${offset}`)),
    add(reducer, offset, why, reason) {
      added.push({ kind: 'left-out', ...unit, reducer, offset, why, reason, token });
    },
    async publish() {
      if (added.length === 0) return;
      const taken = added;
      added = [];
      await Promise.all(taken.map((verdict) => control.publish(verdict)));
      // Who claimed the unit since folds without it; and so does every replay.
      if (!taken.every(({ reducer, offset }) => standing.has(`${reducer}@${offset}`)))
        throw new Error('the unit was claimed again before a verdict of this claim was published');
    },
  };
}
