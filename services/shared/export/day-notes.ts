import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Format } from './formats.ts';
import type { SourceObject } from './source-objects.ts';
import { BOOKS, type ExportTarget } from './target.ts';

/** What a day's file was made from and what it is, kept beside it: by this a day is known that need not be written again. */
const noteSchema = z.strictObject({
  /** Of everything that decides what is in the file. */
  madeFrom: z.string(),
  records: z.int().nonnegative(),
  /** Null where there is no file, as there is nothing in it. */
  sizeBytes: z.int().nonnegative().nullable(),
});
export type DayNote = z.output<typeof noteSchema>;

/** Raised when the same records become another file. */
const LAYOUT = 1;

export function madeFrom(format: Format, student: string | null, objects: readonly SourceObject[]): string {
  const { fileName, columns } = format;
  const parts = {
    layout: LAYOUT,
    fileName,
    columns: columns.map(({ name, loadedAs, written }) => [name, loadedAs, written?.('cell')]),
    student,
    objects: objects.map(({ name, range }) => [name, range.sha256]),
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

const noteName = (folder: string): string => `${BOOKS}/${folder}.json`;

/** The note of a folder, if its file is still the one that was put; null otherwise. */
export async function readNote(
  target: ExportTarget,
  folder: string,
  { fileName }: Pick<Format, 'fileName'>,
): Promise<DayNote | null> {
  const bytes = await target.read(noteName(folder));
  if (bytes === null) return null;
  let note: DayNote | undefined;
  try {
    note = noteSchema.safeParse(JSON.parse(bytes.toString())).data;
  } catch {
    return null;
  }
  const isThere = note !== undefined && (await target.size(`${folder}/${fileName}`)) === note.sizeBytes;
  return isThere ? note! : null;
}

/** Written after the file: what was interrupted in between is written again. */
export async function writeNote(target: ExportTarget, folder: string, note: DayNote): Promise<void> {
  await target.write(noteName(folder), Buffer.from(`${JSON.stringify(note, null, 2)}\n`));
}
