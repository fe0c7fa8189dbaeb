import { Command } from 'commander';
import { chooseLetters, printOutcomes } from './chosen.ts';
import { dropLetters } from './drop-letters.ts';
import { type LetterFilter, withFilters } from './letter-filter.ts';
import type { RunInHouse } from './run-in-house.ts';

interface Options extends LetterFilter {
  readonly json?: boolean;
  readonly yes?: boolean;
}

/** `lectern dead-letters drop` */
export function createDropCommand(run: RunInHouse): Command {
  return withFilters(new Command('drop'), 10_000)
    .description('close open dead letters for good: their events stay left out of those reducers')
    .option('--yes', 'also when it is more than one')
    .option('--json', 'print JSON')
    .action(({ json = false, yes = false, ...filter }: Options, command: Command) =>
      run(command, async (house, answer) => {
        const chosen = await chooseLetters(house, filter, yes);
        const outcomes = await dropLetters(house, chosen, 'a person dropped the event');
        printOutcomes(answer, outcomes, { json, filter, mayRun: house.mayRun });
      }),
    );
}
