import type { Attempt, Claim } from '../shared/state/port.ts';

/** Processes in a row that claimed without progress, from which on events are taken one by one. */
const SUSPICIOUS_CLAIMS = 3;
/** Processes that ended with the same event in hand: it is what ends them. */
const CONVICTING_CLAIMS = 3;
/** Events taken one by one before the unit trusts itself again: more than a second's worth at full speed. */
const CAREFUL_EVENTS = 10_000;

/**
 * Finds the event that ends the process, when one does: after claims without progress a unit goes event by event, each
 * reducer's attempt noted in the store before it is made, and each event stored before the next. The process takes one
 * such event at a time, so that no other unit has one in hand when it ends.
 */
export interface Careful {
  readonly active: boolean;
  /** Why an attempt is not to be made: it ended the process each time. Null when it may be. */
  conviction(attempt: Attempt): string | null;
  /**
   * Whether an attempt is to be noted before it is made. Not on the way to the one that is noted already, within its
   * event: that would forget how often it was found.
   */
  toMark(attempt: Attempt): boolean;
  /** An event is through and stored. */
  passed(): void;
}

export function createCareful(claim: Pick<Claim, 'claims' | 'attempt'>): Careful {
  const { attempt: noted } = claim;
  /** A note that convicts is kept by this claim itself, and need not be spared in the store. */
  let reached = noted === null || noted.times >= CONVICTING_CLAIMS;
  let left = claim.claims >= SUSPICIOUS_CLAIMS || noted !== null ? CAREFUL_EVENTS : 0;
  return {
    get active() {
      return left > 0;
    },
    conviction({ reducer, offset }) {
      if (noted === null || noted.reducer !== reducer || noted.offset !== offset) return null;
      return noted.times < CONVICTING_CLAIMS
        ? null
        : `the process ended ${noted.times} times in a row while the reducer had this event`;
    },
    toMark({ reducer, offset }) {
      reached ||= offset !== noted?.offset || reducer === noted.reducer;
      return reached;
    },
    passed() {
      left -= 1;
    },
  };
}
