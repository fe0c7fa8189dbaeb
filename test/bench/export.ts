import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../deploy/local/run.ts';
import { createObjectEncoder } from '../../services/archiver/object.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { eventsTopic } from '../../services/shared/topics.ts';
import type { Exported } from './export-process.ts';
import { printFigure } from './figure.ts';
import { loadRecord } from './load.ts';
import type { BenchOptions } from './options.ts';
import { runProgram } from './program.ts';

const EVENTS = { full: 1_000_000, brief: 100_000 };
const PARTITIONS = 8;
const OBJECT_RECORDS = 20_000;
const PAYLOAD_BYTES = 300;
const SOURCE = 'bench-export';
const NAMESPACE = 'bench';
const DAY = Date.UTC(2026, 8, 1);
const DAY_MS = 86_400_000;
const TARGET = 50_000;

/** Archives events of one day, as an archiver would in objects of 20,000 records. */
async function makeArchive(root: string, events: number, students: number): Promise<void> {
  const archive = createDirectoryArchive({ root });
  const encoder = createObjectEncoder();
  const load = { namespace: NAMESPACE, source: SOURCE, payloadBytes: PAYLOAD_BYTES, sessions: true };
  const perPartition = Math.ceil(events / PARTITIONS);
  for (let partition = 0; partition < PARTITIONS; partition++)
    for (let first = 0; first < perPartition; first += OBJECT_RECORDS) {
      const length = Math.min(OBJECT_RECORDS, perPartition - first);
      const records = Array.from({ length }, (_, index): LogRecord => {
        const offset = first + index;
        const nth = Math.floor((offset * PARTITIONS) / students);
        const { key, value } = loadRecord(load, (offset * PARTITIONS + partition) % students, nth);
        const timestamp = DAY + Math.floor((offset * DAY_MS) / perPartition);
        return { offset, timestamp, key: Buffer.from(key as string), value: value as Buffer, headers: {} };
      });
      const of = { source: SOURCE, topic: eventsTopic(NAMESPACE, SOURCE), partition };
      const { name, bytes, range } = await encoder.encode(of, records);
      await archive.putIfAbsent(name, bytes, toMetadata(range));
    }
}

/** A day of the archive to Parquet, in a process of its own, from the listing to the file in its place. */
export async function exportBench(run: Run, { brief, students, ...options }: BenchOptions): Promise<void> {
  const events = options.events ?? (brief ? EVENTS.brief : EVENTS.full);
  const archive = join(run.makeDir('archive'), 'archive');
  mkdirSync(archive);
  await makeArchive(archive, events, students);
  const out = run.makeDir('export');
  const asked = { archive, out, source: SOURCE };
  const made = await runProgram<Exported>(new URL('./export-process.js', import.meta.url), asked);
  if (made.records !== Math.ceil(events / PARTITIONS) * PARTITIONS)
    throw new Error(`${made.records} of ${events} events were exported`);
  const bench = 'export';
  printFigure({
    bench,
    figure: 'export_parquet',
    value: made.eventsPerSecond,
    unit: 'events/s',
    target: TARGET,
    met: made.eventsPerSecond >= TARGET,
  });
  printFigure({ bench, figure: 'export_cpu', value: made.cpuMicrosPerEvent, unit: 'us/event' });
  printFigure({ bench, figure: 'export_peak_memory', value: made.peakMb, unit: 'MB' });
}
