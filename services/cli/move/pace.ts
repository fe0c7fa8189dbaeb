import type { Clock } from '../../shared/clock.ts';

/** Resolves when so many more may be sent, at `rate` a second on average; at once without a rate. */
export function createPace(
  clock: Pick<Clock, 'now' | 'sleep'>,
  rate: number | undefined,
): (count: number) => Promise<void> {
  let free = clock.now();
  return async (count) => {
    if (rate === undefined) return;
    const now = clock.now();
    // What was not used is not saved up: the rate is for the sake of others.
    const begin = Math.max(free, now);
    free = begin + (count / rate) * 1_000;
    if (begin > now) await clock.sleep(begin - now);
  };
}
