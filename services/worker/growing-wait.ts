import type { Clock } from '../shared/clock.ts';

export interface GrowingWait {
  /** Waits about twice as long as the last time, up to the longest. */
  next(): Promise<void>;
  /** The next wait is the shortest again. */
  reset(): void;
}

/** In milliseconds, each with half of it more or less, so that those who wait together do not come together. */
export function createGrowingWait(
  { sleep }: Pick<Clock, 'sleep'>,
  { shortest, longest }: { readonly shortest: number; readonly longest: number },
): GrowingWait {
  let ms = shortest;
  return {
    async next() {
      const now = ms;
      ms = Math.min(2 * now, longest);
      await sleep(now * (0.5 + Math.random()));
    },
    reset() {
      ms = shortest;
    },
  };
}
