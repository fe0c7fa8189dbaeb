import { inspect } from 'node:util';
import { createPlay, type Fault, type Stage } from './fault.ts';
import { createRounds } from './rounds.ts';
import type { Totals } from './totals.ts';

export interface PlayAll {
  readonly stage: Stage;
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** Instead of each fault's own. */
  readonly rounds: number | null;
  /** After so many milliseconds no fault and no round begins. */
  readonly beginWithinMs: number;
  /** After so many, what is being played has failed: somebody waits for something without an end. */
  readonly endWithinMs: number;
  /** Milliseconds. */
  now(): number;
  say(line: string): void;
}

export interface Played {
  readonly rows: readonly (readonly [name: string, totals: Totals])[];
  /** What was asked for and not played, for people. */
  readonly notPlayed: readonly string[];
  /** Whether the product survived what was played, and all was. */
  readonly held: boolean;
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it did not come to an end')), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Plays faults one after the other, until one does not hold or time is over, and tells what was left out. */
export async function playAll(all: PlayAll): Promise<Played> {
  const { stage, seed, now, say } = all;
  const startedAt = now();
  const isOver = (): boolean => now() - startedAt >= all.beginWithinMs;
  const secondsSince = (time: number): number => Math.round((now() - time) / 1_000);
  const rows: [string, Totals][] = [];
  const notPlayed: string[] = [];
  let held = true;
  for (const fault of all.faults) {
    const { name } = fault;
    const wanted = all.rounds ?? fault.rounds.long;
    if (!held || isOver()) {
      notPlayed.push(`${name}, ${wanted} rounds`);
      continue;
    }
    const rounds = createRounds(wanted, isOver);
    const began = now();
    say(`${name}: ${fault.promise}`);
    try {
      const left = Math.max(0, all.endWithinMs - (began - startedAt));
      rows.push([name, await within(left, fault.play(createPlay({ stage, seed, rounds })))]);
      say(`  held in ${rounds.played} of ${wanted} rounds, ${secondsSince(began)} s`);
      if (rounds.played < wanted) notPlayed.push(`${name}, ${wanted - rounds.played} of ${wanted} rounds`);
    } catch (error) {
      held = false;
      say(inspect(error));
      const again = `npm run test:faults -- --seed ${seed} --only ${name} --rounds ${wanted}`;
      say(`${name} did not hold after ${secondsSince(began)} s; again: ${again}`);
    }
  }
  return { rows, notPlayed, held: held && notPlayed.length === 0 };
}
