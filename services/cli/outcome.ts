import type { Unit } from '../shared/state/port.ts';
import { nameOf } from '../shared/state/unit-meta.ts';
import type { FoundLetter } from './find-letters.ts';
import type { House } from './house.ts';

/** What became of one dead letter that a command was to do something about. */
export interface Outcome {
  readonly letter: FoundLetter;
  /** `skipped` changed nothing; `unknown` is still open after the wait. */
  readonly status: 'requeued' | 'closed' | 'failed again' | 'unknown' | 'dropped' | 'skipped';
  /** Of a requeued event, where it was appended; null when nobody knows. */
  readonly offset: number | null;
  /** Why it was skipped, or failed again. */
  readonly because: string | null;
}

export function skipped(letter: FoundLetter, because: string): Outcome {
  return { letter, status: 'skipped', offset: null, because };
}

/** The letters by their unit. */
export function byUnit(letters: readonly FoundLetter[]): ReadonlyMap<Unit, readonly FoundLetter[]> {
  const units = new Map<Unit, FoundLetter[]>();
  for (const letter of letters) {
    const known = units.get(letter.unit) ?? [];
    units.set(letter.unit, known);
    known.push(letter);
  }
  return units;
}

/** The names of a unit's dead letters that are open now. */
export async function openNames({ state }: Pick<House, 'state'>, unit: Unit): Promise<ReadonlySet<string>> {
  return new Set((await state.deadLetterKeys(unit)).map(nameOf));
}

export const NOT_OPEN = 'it is not open any more';
export const DROPPED = 'it was dropped';
