import type { Run } from '../../deploy/local/run.ts';
import type { StackAddresses } from '../../deploy/local/stack.ts';
import type { Random } from '../../services/standalone/demo/random.ts';
import { randomFor } from './chance.ts';
import type { Rounds } from './rounds.ts';
import type { Totals } from './totals.ts';

/** Where faults are played: servers that may be shared, and what ends the processes that a fault starts. */
export interface Stage {
  readonly run: Run;
  readonly addresses: StackAddresses;
}

export interface Play {
  readonly stage: Stage;
  readonly seed: number;
  /** The choices of the play, its schedule: the same seed makes the same ones. Its load has numbers of its own. */
  readonly random: Random;
  /** The fault comes in each. */
  readonly rounds: Rounds;
}

/** A play that can be had again: whatever it chooses depends on the seed alone. */
export function createPlay({ stage, seed, rounds }: Omit<Play, 'random'>): Play {
  return { stage, seed, rounds, random: randomFor(seed, 'schedule') };
}

/** One of the faults that the product survives. */
export interface Fault {
  readonly name: string;
  /** What is shown by playing it. */
  readonly promise: string;
  /** So many rounds show it once, and so many look for what is rare. */
  readonly rounds: { readonly short: number; readonly long: number };
  /** Resolves to what was counted when everything is as it must be; rejects with what is not. */
  play(play: Play): Promise<Totals>;
}
