import { Command, InvalidArgumentError } from 'commander';
import { LecternError } from '../shared/errors.ts';
import { chooseLetters, printOutcomes } from './chosen.ts';
import { type LetterFilter, positive, withFilters } from './letter-filter.ts';
import { requeueLetters } from './requeue-letters.ts';
import type { RunInHouse } from './run-in-house.ts';
import { waitRequeued } from './wait-requeued.ts';

interface Options extends LetterFilter {
  readonly json?: boolean;
  readonly yes?: boolean;
  /** Seconds; true without a number. */
  readonly wait?: number | true;
}

const WAIT_SECONDS = 60;
const LONGEST_WAIT_SECONDS = 86_400;

function seconds(text: string): number {
  const value = positive(text);
  if (value > LONGEST_WAIT_SECONDS)
    throw new InvalidArgumentError(`must be ${LONGEST_WAIT_SECONDS} or less.`);
  return value;
}

/** `lectern dead-letters requeue` */
export function createRequeueCommand(run: RunInHouse): Command {
  return withFilters(new Command('requeue'), 10_000)
    .description('have the events of open dead letters reduced again, after what made them fail was mended')
    .option('--wait [seconds]', `wait until each is closed or failed again (${WAIT_SECONDS} s)`, seconds)
    .option('--yes', 'also when it is more than one')
    .option('--json', 'print JSON')
    .action(({ json = false, yes = false, wait, ...filter }: Options, command: Command) =>
      run(command, async (house, answer) => {
        if (wait !== undefined && !house.mayRun)
          throw new LecternError(
            'CONFIG_INVALID',
            '--wait: nothing reduces while this command has the data directory; leave it out, and start the product',
          );
        const requeued = await requeueLetters(house, await chooseLetters(house, filter, yes));
        const waitMs = (wait === true ? WAIT_SECONDS : (wait ?? 0)) * 1_000;
        const outcomes = wait === undefined ? requeued : await waitRequeued(house, requeued, waitMs);
        printOutcomes(answer, outcomes, { json, filter, mayRun: house.mayRun });
      }),
    );
}
