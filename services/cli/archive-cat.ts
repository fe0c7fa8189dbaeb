import { once } from 'node:events';
import { Command } from 'commander';
import { archivedLines } from '../shared/archive/archived-lines.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { readArchivedErasures } from '../shared/erasing/archived-erasures.ts';
import type { RecordEraser } from '../shared/erasing/erased-record.ts';
import { LecternError } from '../shared/errors.ts';
import type { RunOnArchive } from './open-archive.ts';

async function print(
  archive: ArchiveStore,
  name: string,
  eraserOf: (topic: string) => RecordEraser,
): Promise<void> {
  const object = await archive.get(name);
  if (object === null)
    throw new LecternError(
      'ARCHIVE_BROKEN',
      `there is no archive object ${name}; \`lectern archive ls\` lists them`,
    );
  for await (const line of archivedLines(object.bytes, eraserOf))
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

/** `lectern archive cat` */
export function createCatCommand(run: RunOnArchive): Command {
  return new Command('cat')
    .description('print the records of archived objects, a JSON object a line')
    .argument('<objects...>', 'their names, as `lectern archive ls` prints them')
    .option('--dir <folder>', 'an archive in a folder, as a copy of a bucket')
    .action((names: readonly string[], { dir }: { dir?: string }, command: Command) =>
      run(command, dir, async (archive) => {
        const eraserOf = await readArchivedErasures(archive);
        for (const name of names) await print(archive, name, eraserOf);
      }),
    );
}
