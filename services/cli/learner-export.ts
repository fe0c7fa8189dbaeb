import { createWriteStream, statSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import type { Environment } from '../shared/config.ts';
import { type Answer, terminal } from './answer.ts';
import type { House } from './house.ts';
import { learner } from './learner-argument.ts';
import { archivedEvents, learnerEvents } from './learner-events.ts';
import { learnerStates } from './learner-states.ts';
import { createRunOnArchive } from './open-archive.ts';
import type { RunInHouse } from './run-in-house.ts';

interface Options {
  readonly out: string;
  readonly archiveOnly?: boolean;
  readonly dir?: string;
}

interface Written {
  readonly path: string;
  readonly lines: number;
}

/** A file that is there is whole: it gets its name when it is. */
async function write(path: string, lines: AsyncIterable<string>): Promise<Written> {
  let count = 0;
  async function* counted(): AsyncGenerator<string> {
    for await (const line of lines) {
      count += 1;
      yield `${line}\n`;
    }
  }
  await pipeline(Readable.from(counted()), createWriteStream(`${path}.part`, { mode: 0o600 }));
  await rename(`${path}.part`, path);
  return { path, lines: count };
}

async function* both(...parts: readonly AsyncIterable<string>[]): AsyncGenerator<string> {
  for (const part of parts) yield* part;
}

function isFolder(out: string): boolean {
  return out.endsWith('/') || (statSync(out, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

/** Into a folder `events.jsonl` and `states.jsonl`, else all into one file. */
async function writeAll(
  out: string,
  events: AsyncIterable<string>,
  states: AsyncIterable<string>,
): Promise<readonly Written[]> {
  if (!isFolder(out)) return [await write(out, both(events, states))];
  await mkdir(out, { recursive: true });
  return [await write(join(out, 'events.jsonl'), events), await write(join(out, 'states.jsonl'), states)];
}

const NOTHING: AsyncIterable<string> = { [Symbol.asyncIterator]: async function* () {} };

const print = (answer: Answer, written: readonly Written[]): void => {
  for (const { path, lines } of written) answer.log(`${path}: ${lines} lines`);
};

async function exportFromHouse(house: House, answer: Answer, id: string, out: string): Promise<void> {
  const progress = answer.progress('records');
  const events = learnerEvents(house, id, progress);
  print(
    answer,
    await writeAll(resolve(answer.cwd, out), events, learnerStates(house, id)).finally(progress.end),
  );
}

/** `lectern learner export <id>` */
export function createLearnerExportCommand(env: Environment | null, run: RunInHouse): Command {
  return new Command('export')
    .description('write every event and every state of one learner, JSON lines')
    .argument('<id>', 'the safe_user_id', learner)
    .requiredOption('--out <path>', 'a file; or a folder, which gets events.jsonl and states.jsonl')
    .option('--archive-only', 'only the archived events, out of the archive alone')
    .option('--dir <folder>', 'the same of an archive in a folder, as a copy of a bucket')
    .action((id: string, { out, archiveOnly = false, dir }: Options, command: Command) => {
      if (!archiveOnly && dir === undefined)
        return run(command, (house, answer) => exportFromHouse(house, answer, id, out));
      return createRunOnArchive(env ?? {})(command, dir, async (archive) => {
        const progress = terminal.progress('objects');
        const events = archivedEvents(archive, id, progress);
        print(terminal, await writeAll(resolve(out), events, NOTHING).finally(progress.end));
      });
    });
}
