import { Command } from 'commander';
import { EXPIRED, type FoundLetter, findLetters, titleOf } from './find-letters.ts';
import { type LetterFilter, noneFound, withFilters } from './letter-filter.ts';
import type { RunInHouse } from './run-in-house.ts';

/** Everything that is known of a dead letter, for people. */
export function describeLetter(letter: FoundLetter): string {
  const { unit, reducer, offset, reason, stack } = letter;
  const lines = [titleOf(letter), `  reason: ${reason ?? EXPIRED}`];
  if (stack !== null) lines.push('  stack:', ...stack.split('\n').map((line) => `    ${line.trim()}`));
  const name = `--module ${unit.module} --reducer ${reducer} --topic ${unit.topic} --partition ${unit.partition} --offset ${offset}`;
  return [...lines, `  to reduce it again: lectern dead-letters requeue ${name}`].join('\n');
}

/** `lectern dead-letters show` */
export function createShowCommand(run: RunInHouse): Command {
  return withFilters(new Command('show'), 10)
    .description('show open dead letters with their reason and stack')
    .option('--json', 'print JSON')
    .action(({ json, ...filter }: LetterFilter & { json?: boolean }, command: Command) =>
      run(command, async (house, answer) => {
        const { letters, more } = await findLetters(house, filter);
        if (json === true) answer.log(JSON.stringify({ deadLetters: letters, more }, null, 2));
        else if (letters.length === 0) answer.log(noneFound(filter));
        else {
          answer.log(letters.map(describeLetter).join('\n\n'));
          if (more)
            answer.log(`\nthere are more than ${letters.length}: raise --limit, or narrow the filters`);
        }
      }),
    );
}
