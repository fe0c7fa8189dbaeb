import type { Clock } from '../shared/clock.ts';
import type { Budgeted } from './fold-policy.ts';

interface Wait {
  /** The tick at which it began. */
  readonly since: number;
  readonly late: () => void;
}

/** In how many ticks a budget is counted. */
const TICKS = 10;

/**
 * Waits for promises, for each so many milliseconds and at most a tenth more. What is waited for may come to anything
 * later: nobody hears of it, and a rejection is no unhandled one. Never rejects.
 *
 * All promises share one timer that runs while any is pending, since most are fast. Time is counted in its ticks, so a
 * process that was frozen, or kept busy by another reducer, has not used up the budgets of all that it waited for: a
 * late one is left out for ever.
 */
export function createBudget(
  ms: number,
  clock: Pick<Clock, 'every'>,
): (promise: PromiseLike<unknown>) => Promise<Budgeted<unknown>> {
  /** In the order in which they began, so those that are late come first. */
  const waiting = new Set<Wait>();
  let ticks = 0;
  let stop: (() => void) | null = null;

  const tick = (): void => {
    ticks += 1;
    for (const wait of waiting) {
      // Its first tick may have been any part of one.
      if (ticks - wait.since <= TICKS) break;
      waiting.delete(wait);
      wait.late();
    }
    if (waiting.size > 0) return;
    stop?.();
    stop = null;
  };

  return (promise) =>
    new Promise((resolve) => {
      const wait: Wait = { since: ticks, late: () => resolve({ kind: 'late' }) };
      const settle = (outcome: Budgeted<unknown>): void => {
        waiting.delete(wait);
        resolve(outcome);
      };
      waiting.add(wait);
      stop ??= clock.every(ms / TICKS, tick);
      Promise.resolve(promise).then(
        (value) => settle({ kind: 'done', value }),
        (error: unknown) => settle({ kind: 'failed', error }),
      );
    });
}
