import { Command, InvalidArgumentError, Option } from 'commander';
import {
  ACCESS_BOUNDS,
  BLOCK_ACTIONS,
  BLOCK_SPANS,
  type Block,
  type BlockSubject,
  LONGEST_BLOCK_MS,
} from '../shared/control/access-record.ts';
import { blockedValue, subjectArgument, valueArgument } from './block-subject.ts';
import type { House } from './house.ts';
import type { RunInHouse } from './run-in-house.ts';

interface Options extends Pick<Block, 'action' | 'timeLimit' | 'message'> {}

/** What clients of Learning Observer make of these words, at least: they stay away for up to twice as long. */
const SPAN_MS: Readonly<Record<string, number>> = { MINUTES: 5 * 60_000, DAYS: 86_400_000 };

function timeLimit(text: string): Block['timeLimit'] {
  const word = BLOCK_SPANS.find((span) => span === text);
  if (word !== undefined) return word;
  const ms = /^\d{1,12}$/.test(text) ? Number(text) : 0;
  if (ms < 1 || ms > LONGEST_BLOCK_MS)
    throw new InvalidArgumentError(
      `must be ${BLOCK_SPANS.join(', ')}, or 1 to ${LONGEST_BLOCK_MS} milliseconds.`,
    );
  return ms;
}

function message(text: string): string {
  if (text.trim() === '' || text.length > ACCESS_BOUNDS.messageChars)
    throw new InvalidArgumentError(`must have 1 to ${ACCESS_BOUNDS.messageChars} characters.`);
  return text;
}

function endOf(limit: Block['timeLimit'], now: number): number | null {
  if (limit === 'PERMANENT') return null;
  return now + (typeof limit === 'number' ? limit : SPAN_MS[limit]!);
}

/** Blocks, in place of what may have been said of the same before. */
export async function addBlock(
  { control, clock }: Pick<House, 'control' | 'clock'>,
  subject: BlockSubject,
  value: string,
  options: Options,
): Promise<Block> {
  const created = clock.now();
  const record: Block = {
    kind: 'block',
    subject,
    value: blockedValue(subject, value),
    action: options.action,
    timeLimit: options.timeLimit,
    message: options.message,
    created,
    until: endOf(options.timeLimit, created),
  };
  await control.caughtUp();
  await control.publish(record);
  return record;
}

/** `lectern blocklist add <subject> <value>` */
export function createBlocklistAddCommand(run: RunInHouse): Command {
  return new Command('add')
    .description('turn a source, a domain or a learner away, in every gateway at once')
    .addArgument(subjectArgument)
    .addArgument(valueArgument)
    .addOption(
      new Option('--action <action>', 'what clients do with what they have not sent: forget it, or keep it')
        .choices(BLOCK_ACTIONS)
        .default('MAINTAIN'),
    )
    .option(
      '--time-limit <limit>',
      `for how long: ${BLOCK_SPANS.join(', ')} (5 minutes, 1 day), or milliseconds`,
      timeLimit,
      'PERMANENT',
    )
    .option('--message <text>', 'what senders are told', message, 'events of this sender are not taken')
    .action((subject: BlockSubject, value: string, options: Options, command: Command) =>
      run(command, async (house, answer) => {
        const { until, value: blocked } = await addBlock(house, subject, value, options);
        const end = until === null ? 'until it is removed' : `until ${new Date(until).toISOString()}`;
        answer.log(`${subject} ${blocked} is blocked ${end}`);
        if (!house.mayRun) answer.log('this takes effect when the product is started again');
      }),
    );
}
