import type { Checkpoint } from '../../services/shared/state/port.ts';

/** What a checkpoint changes besides its place: nothing. */
export const NO_CHANGES: Omit<Checkpoint, 'token' | 'expected' | 'next'> = {
  states: new Map(),
  lengths: new Map(),
  deadLetters: [],
  closed: [],
  anchor: null,
  caughtUpAt: null,
};
