import type { Unit } from '../shared/state/port.ts';
import { nameOf } from '../shared/state/unit-meta.ts';
import type { FoundLetter } from './find-letters.ts';
import type { House } from './house.ts';
import { byUnit, DROPPED, NOT_OPEN, type Outcome, openNames, skipped } from './outcome.ts';

type Dropping = Pick<House, 'log' | 'state' | 'control' | 'clock' | 'mayRun'>;

const POLL_MS = 250;
const SETTLE_MS = 15_000;

/**
 * Whether every record that was requeued until now has been reduced: while one has not, a drop might come before or after
 * it, and a replay would not know which.
 */
async function isSettled({ log, state, clock, mayRun }: Dropping, unit: Unit): Promise<boolean> {
  const ranges = await log.offsets(unit.topic);
  const end = ranges.find(({ partition }) => partition === unit.partition)?.end ?? 0;
  const deadline = clock.now() + (mayRun ? SETTLE_MS : 0);
  for (;;) {
    if (((await state.position(unit))?.next ?? 0) >= end) return true;
    if (clock.now() >= deadline) return false;
    await clock.sleep(POLL_MS);
  }
}

const NOT_SETTLED = 'it was requeued, and the unit has not reduced it again yet: drop it after that';

/**
 * Drops open dead letters for good: each is acknowledged in the control topic as left out, and its unit's owner closes it
 * with the next checkpoint, now or when it claims the unit. A drop cannot be taken back.
 */
export async function dropLetters(
  house: Dropping,
  letters: readonly FoundLetter[],
  reason: string,
): Promise<Outcome[]> {
  const { control } = house;
  const outcomes: Outcome[] = [];
  await control.caughtUp();
  for (const [unit, ofUnit] of byUnit(letters)) {
    const standing = control.leftOut(unit);
    const whyOf = (letter: FoundLetter): string | undefined => standing.get(nameOf(letter))?.why;
    const settled = ofUnit.some((letter) => whyOf(letter) === 'requeue') && (await isSettled(house, unit));
    const open = await openNames(house, unit);
    const problemOf = (letter: FoundLetter): string | null => {
      if (!open.has(nameOf(letter))) return NOT_OPEN;
      if (whyOf(letter) === 'drop') return DROPPED;
      return whyOf(letter) === 'requeue' && !settled ? NOT_SETTLED : null;
    };
    outcomes.push(
      ...(await Promise.all(
        ofUnit.map(async (letter): Promise<Outcome> => {
          const problem = problemOf(letter);
          if (problem !== null) return skipped(letter, problem);
          const { reducer, offset } = letter;
          await control.publish({ kind: 'left-out', ...unit, reducer, offset, why: 'drop', reason });
          return { letter, status: 'dropped', offset: null, because: null };
        }),
      )),
    );
  }
  return outcomes;
}
