import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { createObjectOpener } from '../../services/shared/archive/open-object.ts';
import { readArchivedErasures } from '../../services/shared/erasing/archived-erasures.ts';
import { openDirectoryTarget } from '../../services/shared/export/directory-target.ts';
import { exportSource } from '../../services/shared/export/export-source.ts';
import { createFormat } from '../../services/shared/export/formats.ts';
import { createStopwatch, type Measured } from './measure.ts';

export interface Exported extends Measured {
  readonly records: number;
  /** Resident, at its highest. */
  readonly peakMb: number;
}

const MEMORY_MB = 512;
const KB_A_MB = 1_000;
const nothing = (): void => undefined;

/** What `lectern archive export` does, measured. Takes folders and source as JSON, and prints what it measured as JSON. */
async function measure(asked: { archive: string; out: string; source: string }): Promise<Exported> {
  const archive = createDirectoryArchive({ root: asked.archive });
  const target = await openDirectoryTarget(asked.out);
  const deps = {
    archive,
    target,
    opener: createObjectOpener(archive),
    format: createFormat('parquet', undefined),
    student: null,
    memoryMb: MEMORY_MB,
    eraserOf: await readArchivedErasures(archive),
    scan: { onTotal: nothing, onObject: nothing },
    onDays: nothing,
    onRecords: nothing,
  };
  const watch = createStopwatch();
  watch.start();
  let records = 0;
  for await (const day of exportSource(asked.source, { from: '0', to: '9' }, deps)) records += day.records;
  const measured = watch.stop(records);
  await target.close();
  return { ...measured, records, peakMb: process.resourceUsage().maxRSS / KB_A_MB };
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2]!))));
