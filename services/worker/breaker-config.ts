import { z } from 'zod';
import { integer } from '../shared/config.ts';
import type { BreakerLimits } from './breaker.ts';

/** The variables that say when a module pauses by itself. */
export const breakerShape = {
  /** A module pauses when more than this part of its events became dead letters, in percent, */
  LECTERN_BREAKER_PERCENT: integer(1, 100).default(50),
  /** and at least so many did, */
  LECTERN_BREAKER_LETTERS: integer(1, 1_000_000).default(1_000),
  /** within this time; */
  LECTERN_BREAKER_WINDOW_MS: integer(1_000, 3_600_000).default(60_000),
  /** or when so many dead letters are open in one worker. */
  LECTERN_BREAKER_OPEN: integer(1, 1_000_000).default(10_000),
};

const schema = z.object(breakerShape);

export function breakerLimits(config: Readonly<z.output<typeof schema>>): BreakerLimits {
  return {
    share: config.LECTERN_BREAKER_PERCENT / 100,
    letters: config.LECTERN_BREAKER_LETTERS,
    windowMs: config.LECTERN_BREAKER_WINDOW_MS,
    open: config.LECTERN_BREAKER_OPEN,
  };
}
