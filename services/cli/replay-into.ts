import type { Command } from 'commander';
import { systemClock } from '../shared/clock.ts';
import type { Environment } from '../shared/config.ts';
import { createLogger } from '../shared/logger.ts';
import { type MoveReport, moveHouse } from './move/move.ts';
import type { Move } from './move/move-record.ts';
import { openSource } from './move/open-source.ts';
import { openTarget } from './move/open-target.ts';
import { createProgress } from './progress.ts';
import { endWith } from './run-in-house.ts';

/** What `lectern replay --into` is given. */
export interface IntoArguments {
  readonly into: string;
  readonly sourceDir?: string;
  readonly sourceEnv?: string;
  readonly sourceNamespace?: string;
  readonly archiveOnly?: boolean;
  readonly partitions?: number;
  readonly rate?: number;
  readonly source?: readonly string[];
  /** In milliseconds since 1970; `to` is not among what is copied. */
  readonly from?: number;
  readonly to?: number;
  readonly student?: readonly string[];
  readonly json?: boolean;
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

/** Times are the log's. */
const filterOf = ({ from, to, student }: Move) => ({
  ...(from === null ? {} : { since: Date.parse(from) }),
  ...(to === null ? {} : { until: Date.parse(to) }),
  ...(student === null ? {} : { keys: new Set([student]) }),
});

async function move(env: Environment, given: IntoArguments, closing: (() => Promise<void>)[]): Promise<void> {
  const logger = createLogger({ service: 'cli', level: 'warn', destination: process.stderr });
  const { sourceDir: dir, sourceEnv: envFile, sourceNamespace: namespace, archiveOnly = false } = given;
  const source = await openSource({ dir, envFile, namespace, archiveOnly }, env, logger);
  closing.push(() => source.close());
  const target = await openTarget(given.into, given.partitions, env, logger);
  closing.push(() => target.close());
  const { from, to, student: [student = null] = [], source: sources = null, rate } = given;
  const timeOf = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(ms).toISOString();
  const what: Move = {
    kind: 'moved-in',
    namespace: source.namespace,
    sources: sources && [...sources].sort(),
    from: timeOf(from),
    to: timeOf(to),
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
