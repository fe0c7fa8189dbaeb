import { Command } from 'commander';
import { EXPIRED, findLetters } from './find-letters.ts';
import { type LetterFilter, noneFound, withFilters } from './letter-filter.ts';
import type { RunInHouse } from './run-in-house.ts';

const REASON_IN_TABLE = 80;

/** `lectern dead-letters list` */
export function createListCommand(run: RunInHouse): Command {
  return withFilters(new Command('list'), 100)
    .description('list the open dead letters')
    .option('--json', 'print JSON')
    .action(({ json, ...filter }: LetterFilter & { json?: boolean }, command: Command) =>
      run(command, async (house, answer) => {
        const { letters, more } = await findLetters(house, filter);
        const rows = letters.map(({ unit, reducer, offset, reason }) => ({
          ...unit,
          offset,
          reducer,
          reason,
        }));
        if (json === true) answer.log(JSON.stringify({ deadLetters: rows, more }, null, 2));
        else if (rows.length === 0) answer.log(noneFound(filter));
        else {
          answer.table(
            rows.map((row) => ({
              ...row,
              reason: (row.reason ?? EXPIRED).split('\n')[0]!.slice(0, REASON_IN_TABLE),
            })),
          );
          if (more) answer.log(`there are more than ${rows.length}: raise --limit, or narrow the filters`);
        }
      }),
    );
}
