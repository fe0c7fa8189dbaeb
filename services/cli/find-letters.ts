import type { OpenDeadLetter, Unit } from '../shared/state/port.ts';
import type { House } from './house.ts';
import { readCopies } from './letter-copies.ts';
import { checkFilter, isMeant, type LetterFilter } from './letter-filter.ts';
import { unitsOf } from './units.ts';

/** An open dead letter, with what is still known of why. */
export interface FoundLetter {
  readonly unit: Unit;
  readonly reducer: string;
  readonly offset: number;
  /** Null when its copy has expired. */
  readonly reason: string | null;
  readonly stack: string | null;
}

export interface Found {
  readonly letters: readonly FoundLetter[];
  /** Whether there are more than the limit. */
  readonly more: boolean;
}

/** How many reasons are looked up at once. */
const CHUNK = 1_000;

type Reading = Pick<House, 'log' | 'state' | 'namespace' | 'modules' | 'sources'>;

/** All of a unit at a time: they come in no order, and a module pauses before they are too many. */
async function meantOf(unit: Unit, filter: LetterFilter, { state }: Reading): Promise<OpenDeadLetter[]> {
  const meant: OpenDeadLetter[] = [];
  for await (const page of state.deadLetters(unit))
    meant.push(...page.filter((letter) => isMeant(filter, unit, letter)));
  return meant.sort((a, b) => a.offset - b.offset || (a.reducer < b.reducer ? -1 : 1));
}

async function describe(
  unit: Unit,
  letters: readonly OpenDeadLetter[],
  house: Reading,
): Promise<FoundLetter[]> {
  const copyOf = await readCopies(
    house,
    letters.flatMap(({ copy }) => copy ?? []),
  );
  return letters.map((letter) => {
    const said = letter.copy === null ? letter : copyOf(letter.copy);
    const { reducer, offset } = letter;
    return { unit, reducer, offset, reason: said?.reason ?? null, stack: said?.stack ?? null };
  });
}

/** The open dead letters that a filter means, by module, topic, partition and offset. */
export async function findLetters(house: Reading, filter: LetterFilter): Promise<Found> {
  checkFilter(filter);
  const letters: FoundLetter[] = [];
  const text = filter.reason?.toLowerCase();
  for (const unit of await unitsOf(filter.module, house)) {
    if (filter.topic !== undefined && filter.topic !== unit.topic) continue;
    if (filter.partition !== undefined && filter.partition !== unit.partition) continue;
    const meant = await meantOf(unit, filter, house);
    // One more than the limit is enough to know that there are more.
    const chunk = text === undefined ? Math.min(CHUNK, filter.limit + 1) : CHUNK;
    for (let at = 0; at < meant.length; at += chunk) {
      const described = await describe(unit, meant.slice(at, at + chunk), house);
      letters.push(
        ...described.filter(({ reason }) => text === undefined || reason?.toLowerCase().includes(text)),
      );
      if (letters.length > filter.limit) return { letters: letters.slice(0, filter.limit), more: true };
    }
  }
  return { letters, more: false };
}

export const EXPIRED = 'not known any more: retention removed its copy from the dead-letters topic';

/** How a letter is named where people read it. */
export function titleOf({ unit, reducer, offset }: FoundLetter): string {
  return `${unit.module} ${reducer} ${unit.topic}/${unit.partition}@${offset}`;
}
