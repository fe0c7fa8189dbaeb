import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { encodeReceipt } from '../shared/erasing/receipt.ts';
import { LecternError } from '../shared/errors.ts';
import type { Answer } from './answer.ts';
import { type ErasedLearner, eraseLearner } from './erase-learner.ts';
import { learner } from './learner-argument.ts';
import type { RunInHouse } from './run-in-house.ts';

interface Options {
  /** Microseconds since 1970. */
  readonly before?: number;
  readonly yes?: boolean;
  readonly receipt?: string;
}

const TIME = /^\d{4}-\d{2}-\d{2}(?:T\S+)?$/;

function time(text: string): number {
  const at = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at) || at < 0)
    throw new InvalidArgumentError('must be a time as 2026-09-30 or 2026-09-30T18:00Z.');
  return at * 1_000;
}

function userOf(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

function print(answer: Answer, { resumed, before, waiting, receipt }: ErasedLearner): void {
  const until = new Date(Math.floor(before / 1_000)).toISOString();
  if (resumed) answer.log(`this was decided before, up to ${until}, and is finished now`);
  for (const { module, topic, partition } of waiting)
    answer.log(`not yet out of the states of ${module} in ${topic}/${partition}`);
  if (receipt === null) {
    answer.log(
      'the learner is erased in the archive and read by nobody; the states above follow when a worker has them: start it, or resume the module, and give the command again for the receipt',
    );
    answer.fail();
    return;
  }
  const { events, objects, states, blobs } = receipt;
  answer.log(
    `erased up to ${until}: ${events.archived} archived events in ${objects.length} objects, ${events.inLog} events not archived yet, ${states} states, ${blobs} blobs`,
  );
  answer.log(`the receipt is erasures/receipts/${receipt.erasure}.json in the archive`);
}

/** `lectern learner erase <id>` */
export function createLearnerEraseCommand(run: RunInHouse): Command {
  return new Command('erase')
    .description('erase the events and states of one learner, for good, while everything runs')
    .argument('<id>', 'the safe_user_id', learner)
    .option('--before <time>', 'only what was received before it; now when it is not given', time)
    .option('--receipt <file>', 'also write the receipt there')
    .option('--yes', 'really: it cannot be taken back')
    .action((id: string, { before, yes, receipt: file }: Options, command: Command) =>
      run(command, async (house, answer) => {
        if (yes !== true)
          throw new LecternError(
            'CONFIG_INVALID',
            'what is erased cannot be had back: add --yes to erase it',
          );
        if (before !== undefined && before > house.clock.now() * 1_000)
          throw new LecternError(
            'CONFIG_INVALID',
            '--before lies in the future: what the learner sends until then would be erased as it comes; leave it out for now',
          );
        const progress = answer.progress('objects');
        const request = { learner: id, before: before ?? null, user: userOf() };
        const outcome = await eraseLearner(house, request, progress).finally(progress.end);
        print(answer, outcome);
        if (file !== undefined && outcome.receipt !== null)
          await writeFile(resolve(answer.cwd, file), encodeReceipt(outcome.receipt));
      }),
    );
}
