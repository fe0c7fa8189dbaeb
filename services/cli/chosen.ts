import { LecternError } from '../shared/errors.ts';
import type { Answer } from './answer.ts';
import { type FoundLetter, findLetters, titleOf } from './find-letters.ts';
import type { House } from './house.ts';
import { type LetterFilter, noneFound } from './letter-filter.ts';
import type { Outcome } from './outcome.ts';

/**
 * The dead letters that a command is to change. Throws when there are several and nobody said `--yes`, and when there are
 * more than the limit: half of them would be a surprise.
 */
export async function chooseLetters(
  house: House,
  filter: LetterFilter,
  yes: boolean,
): Promise<readonly FoundLetter[]> {
  const { letters, more } = await findLetters(house, filter);
  if (more)
    throw new LecternError(
      'CONFIG_INVALID',
      `more than ${filter.limit} dead letters are meant: narrow the filters, or raise --limit`,
    );
  if (letters.length > 1 && !yes)
    throw new LecternError(
      'CONFIG_INVALID',
      `${letters.length} dead letters are meant (lectern dead-letters list shows them): add --yes, or narrow the filters`,
    );
  return letters;
}

/** Says what became of them, and whether every one went as asked. */
export function printOutcomes(
  answer: Answer,
  outcomes: readonly Outcome[],
  { json, filter, mayRun }: { json: boolean; filter: LetterFilter } & Pick<House, 'mayRun'>,
): void {
  const rows = outcomes.map(({ letter, ...outcome }) => {
    const { unit, reducer, offset } = letter;
    return { ...unit, offset, reducer, status: outcome.status, at: outcome.offset, because: outcome.because };
  });
  if (json) answer.log(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) answer.log(noneFound(filter));
  else
    for (const { letter, status, because } of outcomes)
      answer.log(`${status}: ${titleOf(letter)}${because === null ? '' : `: ${because}`}`);
  if (!json && !mayRun && outcomes.some(({ status }) => status !== 'skipped'))
    answer.log('this takes effect when the product is started again');
  if (!outcomes.every(({ status }) => ['requeued', 'closed', 'dropped'].includes(status))) answer.fail();
}
