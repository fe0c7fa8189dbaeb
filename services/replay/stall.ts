import type { Clock } from '../shared/clock.ts';

/** Tells when nothing has got on for longer than any one step takes. */
export interface Stall {
  gotOn(): void;
  isOver(): boolean;
}

const STALLED_MS = 120_000;
/** Between two questions; longer means that the process was stopped, or the machine asleep. */
const LONGEST_LOOK_MS = 5_000;

export function createStall(clock: Pick<Clock, 'now'>, budgetMs: number): Stall {
  let since = clock.now();
  let asked = since;
  return {
    gotOn() {
      since = clock.now();
    },
    isOver() {
      const now = clock.now();
      if (now - asked > LONGEST_LOOK_MS) since = now;
      asked = now;
      return now - since > STALLED_MS + budgetMs;
    },
  };
}
