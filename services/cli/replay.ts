import { Command, InvalidArgumentError, Option } from 'commander';
import type { Environment } from '../shared/config.ts';
import { LecternError } from '../shared/errors.ts';
import type { RunOnArchive } from './open-archive.ts';
import { type IntoArguments, replayInto } from './replay-into.ts';
import { type CreateWatchdog, type OutArguments, replayOut } from './replay-out.ts';
import { endWith } from './run-in-house.ts';
import { parseFrom, parseRate, parseTo } from './times.ts';

type Given = Partial<OutArguments & IntoArguments>;

/** Of a replay into a file, and of one into a namespace: none is for the other. */
const OF_OUT = ['module', 'out', 'reducer', 'work', 'dir'];
const OF_INTO = ['sourceDir', 'sourceEnv', 'sourceNamespace', 'archiveOnly', 'partitions', 'json'] as const;

function parseOut(path: string): string {
  if (path.endsWith('.jsonl')) return path;
  throw new InvalidArgumentError('must be a file that ends in .jsonl');
}

function positive(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('must be a whole number above 0.');
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function wrong(message: string): LecternError {
  return new LecternError('CONFIG_INVALID', message);
}

/** What a replay into a file lacks, or has that only one into a namespace takes; null when it is complete. */
function faultOfOut(given: Given): string | null {
  const other = OF_INTO.find((name) => given[name] !== undefined);
  if (other !== undefined)
    return `--${other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is for --into`;
  if (given.module === undefined || given.out === undefined)
    return 'say what comes of it: --module and --out for the states of a module in a file, or --into for a copy in a new namespace';
  return null;
}

/** `lectern replay`: history once more, folded into a file, or copied into a new namespace. */
export function createReplayCommand(
  env: Environment,
  run: RunOnArchive,
  createWatchdog: CreateWatchdog,
): Command {
  const command = new Command('replay')
    .description(
      'fold archived events anew into final states, in a file, with nothing else running; or copy the history of an installation into a new namespace',
    )
    .option('--module <module>', 'an installed module by its NAME, or a file, a folder or a package')
    .option('--out <file>', 'where the states go, one JSON line each, sorted: a file .jsonl', parseOut)
    .option('--reducer <name>', 'only the states of this reducer')
    .option('--work <folder>', 'what an interrupted replay goes on from (the file, .work)')
    .option('--dir <folder>', 'an archive in a folder, as a copy of a bucket')
    .addOption(
      new Option(
        '--into <namespace>',
        'the new namespace, where the services are that LECTERN_ variables name',
      ).conflicts(OF_OUT),
    )
    .option('--source-dir <folder>', 'of what is copied: its data directory, or a copy of its archive')
    .option('--source-env <file>', 'or a file of its LECTERN_ variables, a line NAME=value each')
    .option('--source-namespace <name>', 'its namespace, where that is not lectern, or not in the file')
    .option('--archive-only', 'copy what is archived, and look at no log: while the product runs on it')
    .option('--partitions <count>', 'of each new topic; LECTERN_PARTITIONS unless told', positive)
    .option('--json', 'print JSON')
    .option('--from <time>', 'only events from this day (UTC) or time on', parseFrom)
    .option('--to <time>', 'only events up to this day, or before this time', parseTo)
    .option('--source <source>', 'only events of this source; may be repeated', collect)
    .option('--student <id>', 'only events of this safe_user_id; may be repeated with --out', collect)
    .option('--rate <events>', 'no more events in a second than this, as 500/s', parseRate);
  return command.action(async (given: Given) => {
    if (given.into !== undefined) {
      if ((given.student?.length ?? 0) > 1)
        return endWith(command, wrong('--student: one alone goes with --into'));
      return await replayInto(env, command, given as IntoArguments);
    }
    const fault = faultOfOut(given);
    if (fault !== null) return endWith(command, wrong(fault));
    const out = given as OutArguments;
    return await run(command, out.dir, (archive) => replayOut(archive, out, env, createWatchdog));
  });
}
