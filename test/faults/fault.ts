import type { Run } from '../../deploy/local/run.ts';
import type { StackAddresses } from '../../deploy/local/stack.ts';
import type { Random } from '../../services/standalone/demo/random.ts';
import type { Totals } from './totals.ts';

/** Where faults are played: servers that may be shared, and what ends the processes that a fault starts. */
export interface Stage {
  readonly run: Run;
  readonly addresses: StackAddresses;
}

export interface Play {
  readonly stage: Stage;
  /** The choices of the play; the same seed makes the same ones. */
  readonly random: Random;
  /** How often the fault comes. */
  readonly rounds: number;
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
