import type { Control, LeftOut, LeftOutWhy } from '../shared/control/port.ts';
import type { Unit } from '../shared/state/port.ts';

/** The verdicts on a unit: those that stand, and those of this claim, which must be durable before a checkpoint is. */
export interface Verdicts {
  /** The verdict that leaves an event out of a reducer at its place, if there is one. */
  of(reducer: string, offset: number): LeftOut | undefined;
  add(reducer: string, offset: number, why: LeftOutWhy, reason: string): void;
  /**
   * Resolves when all that were added are durable: a replay then comes to them too. Rejects, and publishes none, when
   * the claim does not hold any more; and when one does not count, because a later claim stands before it.
   */
  publish(): Promise<void>;
}

export function createVerdicts(
  control: Pick<Control, 'leftOut' | 'publish'>,
  unit: Unit,
  token: string,
  /** Resolves when the store has answered that the claim holds, and rejects when it does not. */
  confirm: () => Promise<void>,
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
      // A store that lost what it held gives reducers states at which they fail: a verdict on that would stand for ever,
      // as nobody else has claimed the unit yet.
      await confirm();
      const taken = added;
      added = [];
      await Promise.all(taken.map((verdict) => control.publish(verdict)));
      // Who claimed the unit since folds without it; and so does every replay.
      if (!taken.every(({ reducer, offset }) => standing.has(`${reducer}@${offset}`)))
        throw new Error('the unit was claimed again before a verdict of this claim was published');
    },
  };
}
