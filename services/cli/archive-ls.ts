import { Command } from 'commander';
import { archivedSources, takeInventory } from '../shared/archive/inventory.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { parseDay } from './dates.ts';
import type { RunOnArchive } from './open-archive.ts';

interface LsArguments {
  readonly source?: string;
  readonly from?: string;
  readonly to?: string;
  readonly dir?: string;
  readonly json?: boolean;
}

async function* listed(archive: ArchiveStore, { source, from, to }: LsArguments) {
  for (const one of source === undefined ? await archivedSources(archive) : [source]) {
    const { partitions } = await takeInventory(archive, one, { from, to });
    for (const { of, objects } of partitions) for (const object of objects) yield { ...of, ...object };
  }
}

/** `lectern archive ls` */
export function createLsCommand(run: RunOnArchive): Command {
  return new Command('ls')
    .description('list the archived objects, in the order of their offsets')
    .option('--source <source>', 'only of this source')
    .option('--from <day>', 'only from this day on (UTC)', parseDay)
    .option('--to <day>', 'only up to this day', parseDay)
    .option('--dir <folder>', 'an archive in a folder, as a copy of a bucket')
    .option('--json', 'print a JSON object a line, with sizes and first offsets')
    .action((given: LsArguments, command: Command) =>
      run(command, given.dir, async (archive) => {
        for await (const object of listed(archive, given))
          console.log(given.json === true ? JSON.stringify(object) : object.name);
      }),
    );
}
