import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ObjectOpener } from '../archive/open-object.ts';
import { isTombstone, type RecordEraser } from '../erasing/erased-record.ts';
import type { LogRecord } from '../log/port.ts';
import { madeFrom, readNote, writeNote } from './day-notes.ts';
import { createDayTable, type DayTable } from './day-table.ts';
import { type Format, ORDER } from './formats.ts';
import { dayOf } from './object-days.ts';
import type { SourceObject } from './source-objects.ts';
import type { ExportTarget } from './target.ts';

export interface ExportDeps {
  readonly opener: ObjectOpener;
  readonly target: ExportTarget;
  readonly format: Format;
  /** Only what has this key; null for all. */
  readonly student: string | null;
  readonly memoryMb: number;
  /** Leaves out what is erased, though an object may have it still. */
  readonly eraserOf: (topic: string) => RecordEraser;
  /** Called with how many records of a day were read. */
  readonly onRecords: (count: number) => void;
}

export interface SourceDay {
  readonly source: string;
  readonly date: string;
  /** Those that hold records of it. */
  readonly objects: readonly SourceObject[];
}

export interface DayOutcome {
  readonly source: string;
  readonly date: string;
  readonly records: number;
  readonly outcome: 'written' | 'unchanged';
}

const folderOf = ({ source, date }: SourceDay): string => `source=${source}/date=${date}`;

const isOf = (student: string | null, { key }: LogRecord): boolean =>
  student === null || key?.toString() === student;

async function fill(table: DayTable, { date, objects }: SourceDay, deps: ExportDeps): Promise<number> {
  const { opener, format, student, eraserOf, onRecords } = deps;
  const day = dayOf(Date.parse(date));
  let records = 0;
  for (const object of objects) {
    for await (const page of (await opener.open(object)).pages(object.first)) {
      const ofDay = page.filter(({ timestamp }) => dayOf(timestamp) === day);
      for (const record of ofDay) {
        const left = eraserOf(object.of.topic).erase(record);
        if (left.value === null || isTombstone(left) || !isOf(student, left)) continue;
        table.append(format.rowOf(object.of, left, left.value));
        records += 1;
      }
      onRecords(ofDay.length);
    }
  }
  return records;
}

/** Null when the day has to be written. */
export async function unchanged(
  day: SourceDay,
  { target, format, student }: Pick<ExportDeps, 'target' | 'format' | 'student'>,
): Promise<DayOutcome | null> {
  const note = await readNote(target, folderOf(day), format);
  if (note?.madeFrom !== madeFrom(format, student, day.objects)) return null;
  return { source: day.source, date: day.date, records: note.records, outcome: 'unchanged' };
}

/** Puts the file of a day in place of the one that is there, if any; a day without records has none. */
export async function writeDay(day: SourceDay, deps: ExportDeps): Promise<DayOutcome> {
  const { target, format, student, memoryMb } = deps;
  const folder = folderOf(day);
  const name = `${folder}/${format.fileName}`;
  const table = await createDayTable({
    columns: format.columns,
    order: ORDER,
    workDir: target.workDir,
    memoryMb,
  });
  let records: number;
  let sizeBytes: number | null = null;
  try {
    records = await fill(table, day, deps);
    if (records === 0) await target.delete(name);
    else {
      const path = join(target.workDir, randomBytes(8).toString('hex'));
      await format.write(table, path);
      sizeBytes = await target.putFile(name, path);
    }
  } finally {
    table.close();
  }
  await writeNote(target, folder, { madeFrom: madeFrom(format, student, day.objects), records, sizeBytes });
  return { source: day.source, date: day.date, records, outcome: 'written' };
}
