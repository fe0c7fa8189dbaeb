import { Command } from 'commander';
import { type BlockSubject, blockName } from '../shared/control/access-record.ts';
import { blockedValue, subjectArgument, valueArgument } from './block-subject.ts';
import type { House } from './house.ts';
import type { RunInHouse } from './run-in-house.ts';

/** Lets a sender in again. Answers with what changed: nothing, when it was not blocked. */
export async function removeBlock(
  { control, mayRun }: Pick<House, 'control' | 'mayRun'>,
  subject: BlockSubject,
  given: string,
): Promise<string> {
  const value = blockedValue(subject, given);
  await control.caughtUp();
  if (!control.blocks.has(blockName({ subject, value }))) return `${subject} ${value} is not blocked`;
  await control.publish({ kind: 'unblock', subject, value });
  const now = `${subject} ${value} is not blocked any more`;
  return mayRun ? now : `${now}, when the product is started again`;
}

/** `lectern blocklist remove <subject> <value>` */
export function createBlocklistRemoveCommand(run: RunInHouse): Command {
  return new Command('remove')
    .description('let a sender in again')
    .addArgument(subjectArgument)
    .addArgument(valueArgument)
    .action((subject: BlockSubject, value: string, _options: unknown, command: Command) =>
      run(command, async (house, answer) => answer.log(await removeBlock(house, subject, value))),
    );
}
