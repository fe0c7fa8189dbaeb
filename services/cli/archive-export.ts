import { Command, InvalidArgumentError, Option } from 'commander';
import { archivedSources } from '../shared/archive/inventory.ts';
import { createObjectOpener } from '../shared/archive/open-object.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import type { Environment } from '../shared/config.ts';
import { readArchivedErasures } from '../shared/erasing/archived-erasures.ts';
import { LecternError } from '../shared/errors.ts';
import type { DayOutcome } from '../shared/export/export-day.ts';
import { exportSource } from '../shared/export/export-source.ts';
import { createFormat, FORMATS, type FormatName } from '../shared/export/formats.ts';
import { claimPlace } from '../shared/export/kind.ts';
import type { ExportTarget } from '../shared/export/target.ts';
import { loadSourceTypes } from '../shared/source-schemas.ts';
import { parseDay } from './dates.ts';
import { openExportTarget } from './export-target.ts';
import type { RunOnArchive } from './open-archive.ts';
import { createProgress } from './progress.ts';

interface ExportArguments {
  readonly format: FormatName;
  readonly source?: string;
  readonly from?: string;
  readonly to?: string;
  readonly student?: string;
  readonly memory: number;
  readonly dir?: string;
  readonly out: string;
  readonly json?: boolean;
}

const MEMORY_MB = { min: 256, usual: '512' };
const FIRST_DAY = '0000-00-00';
const LAST_DAY = '9999-12-31';

function parseMemory(text: string): number {
  const value = Number(text);
  if (/^\d{1,7}$/.test(text) && value >= MEMORY_MB.min) return value;
  throw new InvalidArgumentError(`must be a whole number of MiB, ${MEMORY_MB.min} at least`);
}

/** Those of events: what Lectern keeps for itself is exported when it is asked for by name. */
async function sourcesOf(archive: ArchiveStore, asked: string | undefined): Promise<readonly string[]> {
  const archived = await archivedSources(archive);
  if (asked === undefined) return archived.filter((source) => !source.startsWith('_'));
  if (archived.includes(asked)) return [asked];
  throw new LecternError(
    'CONFIG_INVALID',
    `--source: nothing is archived of ${asked}; there are: ${archived.join(', ') || 'none'}`,
  );
}

async function exportAll(
  archive: ArchiveStore,
  target: ExportTarget,
  given: ExportArguments,
  tell: (outcome: DayOutcome) => void,
): Promise<void> {
  const { format, student = null, from = FIRST_DAY, to = LAST_DAY, memory: memoryMb } = given;
  const sources = await sourcesOf(archive, given.source);
  await claimPlace(target, { format, student });
  const types = loadSourceTypes();
  const opener = createObjectOpener(archive);
  const eraserOf = await readArchivedErasures(archive);
  for (const source of sources) {
    const objects = createProgress('objects to look through');
    const records = createProgress(`records of ${source}`);
    const deps = {
      archive,
      target,
      opener,
      format: createFormat(format, types.get(source)),
      student,
      memoryMb,
      eraserOf,
      scan: { onTotal: objects.expect, onObject: () => objects.done(1) },
      onDays(count: number): void {
        objects.end();
        records.expect(count);
      },
      onRecords: records.done,
    };
    const outcomes: DayOutcome[] = [];
    try {
      for await (const outcome of exportSource(source, { from, to }, deps)) outcomes.push(outcome);
    } finally {
      objects.end();
      records.end();
      // Not into the bar, which has the terminal until then.
      for (const outcome of outcomes) tell(outcome);
    }
  }
}

/** `lectern archive export`: exits with 0 when every day that was asked for is there. */
export function createExportCommand(run: RunOnArchive, env: Environment): Command {
  return new Command('export')
    .description(
      'write the archive for analysis: a file for each source and day, in folders source=.../date=...',
    )
    .addOption(new Option('--format <format>', 'of the files').choices(FORMATS).default('parquet'))
    .option('--source <source>', 'only of this source')
    .option('--from <day>', 'only from this day on (UTC, by when the log took the record)', parseDay)
    .option('--to <day>', 'only up to this day', parseDay)
    .option('--student <id>', 'only of the learner with this safe_user_id')
    .option('--dir <folder>', 'an archive in a folder, as a copy of a bucket')
    .requiredOption('--out <place>', 'a folder, or s3://bucket/prefix where LECTERN_S3_* say')
    .option('--memory <MiB>', 'what sorting a day may take', parseMemory, Number(MEMORY_MB.usual))
    .option('--json', 'print a JSON object a line')
    .addHelpText(
      'after',
      '\nA day that did not change since the last export into the same place is not written again.',
    )
    .action((given: ExportArguments, command: Command) =>
      run(command, given.dir, async (archive) => {
        const { from, to } = given;
        if (from !== undefined && to !== undefined && from > to)
          throw new LecternError('CONFIG_INVALID', `--from: ${from} is after ${to}, which --to says`);
        const target = await openExportTarget(given.out, given.dir, env);
        const total = { days: 0, written: 0, records: 0 };
        const tell = (day: DayOutcome): void => {
          total.days += 1;
          total.written += day.outcome === 'written' ? 1 : 0;
          total.records += day.records;
          if (given.json === true) console.log(JSON.stringify(day));
          else console.log(`${day.source} ${day.date}: ${day.records} records, ${day.outcome}`);
        };
        await exportAll(archive, target, given, tell).finally(target.close);
        if (given.json === true) return;
        if (total.days === 0) console.log('nothing is archived of these days');
        else console.log(`${total.days} days, ${total.records} records: ${total.written} days written`);
      }),
    );
}
