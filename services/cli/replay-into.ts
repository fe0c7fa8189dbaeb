import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../shared/clock.ts';
import type { Environment } from '../shared/config.ts';
import { createLogger } from '../shared/logger.ts';
import { parseDay } from './dates.ts';
import { type MoveReport, moveHouse } from './move/move.ts';
import type { Move } from './move/move-record.ts';
import { openSource } from './move/open-source.ts';
import { openTarget } from './move/open-target.ts';
import { createProgress } from './progress.ts';
import { endWith } from './run-in-house.ts';

interface IntoArguments {
  readonly into: string;
  readonly sourceDir?: string;
  readonly sourceEnv?: string;
  readonly sourceNamespace?: string;
  readonly archiveOnly?: boolean;
  readonly partitions?: number;
  readonly rate?: number;
  readonly source?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly student?: string;
  readonly json?: boolean;
}

const DAY_MS = 86_400_000;

function positive(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('must be a whole number above 0.');
}

const each = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** The options that `--into` adds to those of a replay. */
export function addIntoOptions(command: Command): Command {
  return command
    .option('--source-dir <folder>', 'of what is moved: its data directory, or a copy of its archive')
    .option('--source-env <file>', 'or a file of its LECTERN_ variables, a line NAME=value each')
    .option('--source-namespace <name>', 'its namespace, where that is not lectern, or not in the file')
    .option('--archive-only', 'copy what is archived, and look at no log: while the product runs on it')
    .option('--partitions <count>', 'of each new topic; LECTERN_PARTITIONS unless told', positive)
    .option('--rate <records>', 'so many records a second at most', positive)
    .option('--json', 'print JSON');
}

function print({ partitions, control }: MoveReport, into: string): void {
  console.table(
    partitions.map(({ from, partition, ...counts }) => ({ from: `${from}/${partition}`, ...counts })),
  );
  const sum = (of: 'copied' | 'there' | 'leftOut'): number =>
    partitions.reduce((total, counts) => total + counts[of], 0);
  console.log(
    `into ${into}: ${sum('copied')} events copied, ${sum('there')} were there, ${sum('leftOut')} left out; ` +
      `${control.copied} decisions copied, ${control.there} were there, ${control.leftOut} left out`,
  );
}

/** Days are of the log's time, in UTC. */
const filterOf = ({ from, to, student }: Move) => ({
  ...(from === null ? {} : { since: Date.parse(from) }),
  ...(to === null ? {} : { until: Date.parse(to) + DAY_MS }),
  ...(student === null ? {} : { keys: new Set([student]) }),
});

async function move(env: Environment, given: IntoArguments, closing: (() => Promise<void>)[]): Promise<void> {
  const logger = createLogger({ service: 'cli', level: 'warn', destination: process.stderr });
  const { sourceDir: dir, sourceEnv: envFile, sourceNamespace: namespace, archiveOnly = false } = given;
  const source = await openSource({ dir, envFile, namespace, archiveOnly }, env, logger);
  closing.push(() => source.close());
  const target = await openTarget(given.into, given.partitions, env, logger);
  closing.push(() => target.close());
  const { from = null, to = null, student = null, source: sources = null, rate } = given;
  const what: Move = {
    kind: 'moved-in',
    namespace: source.namespace,
    sources: sources && [...sources].sort(),
    from,
    to,
    student,
  };
  const progress = createProgress('offsets');
  const deps = { source, target, clock: systemClock, progress };
  const report = await moveHouse(deps, { move: what, filter: filterOf(what), rate }).finally(progress.end);
  if (given.json === true) console.log(JSON.stringify(report, null, 2));
  else print(report, given.into);
}

/** Does `lectern replay --into`; a fault ends the command with its message. */
export async function replayInto(env: Environment, command: Command, given: IntoArguments): Promise<void> {
  const closing: (() => Promise<void>)[] = [];
  try {
    try {
      await move(env, given, closing);
    } finally {
      for (const close of closing.reverse()) await close();
    }
  } catch (error) {
    endWith(command, error);
  }
}

/** `lectern replay --into` */
export function createReplayIntoCommand(env: Environment): Command {
  const command = new Command('replay')
    .description('copy the history of an installation into an empty namespace of another')
    .requiredOption(
      '--into <namespace>',
      'the new namespace, where the services are that LECTERN_ variables name',
    )
    .option('--source <source>', 'only this source; once for each', each)
    .option('--from <day>', 'only what the log got from this day on (UTC)', parseDay)
    .option('--to <day>', 'only up to this day', parseDay)
    .option('--student <safe_user_id>', 'only of this learner');
  return addIntoOptions(command).action((given: IntoArguments) => replayInto(env, command, given));
}
