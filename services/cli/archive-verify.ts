import { Command } from 'commander';
import type { ArchiveFault } from '../shared/archive/archive-fault.ts';
import { archivedSources } from '../shared/archive/inventory.ts';
import { createObjectOpener } from '../shared/archive/open-object.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { type VerifiedPartition, verifySource } from '../shared/archive/verify.ts';
import { parseDay } from './dates.ts';
import type { RunOnArchive } from './open-archive.ts';
import { createProgress, type Progress } from './progress.ts';

interface VerifyArguments {
  readonly source?: string;
  readonly from?: string;
  readonly to?: string;
  readonly deep?: boolean;
  readonly dir?: string;
  readonly json?: boolean;
}

/** What `--json` prints. */
export interface VerifyReport {
  readonly whole: boolean;
  readonly objects: number;
  readonly records: number;
  readonly partitions: readonly VerifiedPartition[];
  readonly faults: readonly ArchiveFault[];
}

const EXIT_FAULTS = 1;
const SHOWN_FAULTS = 100;

function print({ whole, objects, records, partitions, faults }: VerifyReport): void {
  if (partitions.length > 0) console.table(partitions);
  for (const { kind, name, detail } of faults.slice(0, SHOWN_FAULTS))
    console.log(`${kind} ${name}: ${detail}`);
  if (faults.length > SHOWN_FAULTS)
    console.log(`and ${faults.length - SHOWN_FAULTS} more: --json prints all`);
  const found = whole ? 'whole' : `NOT whole: ${faults.length} fault${faults.length === 1 ? '' : 's'}`;
  console.log(`${objects} objects, ${records} records: ${found}`);
}

async function verify(
  archive: ArchiveStore,
  { source, from, to, deep = false }: VerifyArguments,
  progress: Progress,
): Promise<VerifyReport> {
  const deps = {
    archive,
    opener: createObjectOpener(archive),
    onTotal: progress.expect,
    onObject: () => progress.done(1),
  };
  const partitions: VerifiedPartition[] = [];
  const faults: ArchiveFault[] = [];
  for (const one of source === undefined ? await archivedSources(archive) : [source]) {
    const verified = await verifySource(one, { from, to, deep }, deps);
    partitions.push(...verified.partitions);
    faults.push(...verified.faults);
  }
  return {
    whole: faults.length === 0,
    objects: partitions.reduce((sum, { objects }) => sum + objects, 0),
    records: partitions.reduce((sum, { records }) => sum + records, 0),
    partitions,
    faults,
  };
}

/** `lectern archive verify`: exits with 0 when all that it looked at is whole, 1 when it is not. */
export function createVerifyCommand(run: RunOnArchive): Command {
  return new Command('verify')
    .description('check that the archive is whole: no gap, no overlap, every object as it was put')
    .option('--source <source>', 'only what is archived of this source')
    .option('--from <day>', 'only objects from this day on (UTC)', parseDay)
    .option('--to <day>', 'only objects up to this day', parseDay)
    .option('--deep', 'read every object: its hash, its records, their offsets')
    .option('--dir <folder>', 'an archive in a folder, as a copy of a bucket')
    .option('--json', 'print JSON')
    .action((given: VerifyArguments, command: Command) =>
      run(command, given.dir, async (archive) => {
        const progress = createProgress('objects');
        const report = await verify(archive, given, progress).finally(progress.end);
        if (given.json === true) console.log(JSON.stringify(report, null, 2));
        else print(report);
        if (report.objects === 0) console.error('nothing is archived there');
        if (!report.whole) process.exitCode = EXIT_FAULTS;
      }),
    );
}
