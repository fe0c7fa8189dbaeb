import { z } from 'zod';
import { createTimeReader } from '../archive/archived-record.ts';
import { dateOf } from '../archive/object-name.ts';
import type { ArchiveStore } from '../archive/port.ts';
import { LecternError, messageOf } from '../errors.ts';
import type { SourceObject } from './source-objects.ts';
import { BOOKS, type ExportTarget } from './target.ts';

/** How many records of which days an object holds: known once it was read, and kept with the export. */
export type Days = Readonly<Record<string, number>>;

const booksSchema = z.record(
  z.string(),
  z.strictObject({ sha256: z.string(), days: z.record(z.string(), z.int().positive()) }),
);
type Books = z.output<typeof booksSchema>;

/** So many objects are read before what is known of them is kept. */
const KEPT_AFTER = 200;
const DAY_MS = 86_400_000;

/** Anything that is not what was written counts as nothing: it is only known what would be read again. */
function parseBooks(bytes: Buffer | null): Books {
  if (bytes === null) return {};
  try {
    return booksSchema.safeParse(JSON.parse(bytes.toString())).data ?? {};
  } catch {
    return {};
  }
}

/** Days since 1970, in UTC. */
export const dayOf = (timestamp: number): number => Math.floor(timestamp / DAY_MS);

type TimeReader = ReturnType<typeof createTimeReader>;

/** Only reads times: that the bytes are those that were put is checked when they are exported. */
async function daysIn({ name, range }: SourceObject, bytes: Buffer, readTimes: TimeReader): Promise<Days> {
  const counts = new Map<number, number>();
  let count = 0;
  try {
    for await (const page of readTimes(bytes))
      for (const { timestamp } of page) {
        const day = dayOf(timestamp);
        counts.set(day, (counts.get(day) ?? 0) + 1);
        count += 1;
      }
    if (count !== range.count) throw new Error(`it has ${count} records, not ${range.count} as it says`);
  } catch (error) {
    throw new LecternError(
      'ARCHIVE_BROKEN',
      `the archive object ${name} cannot be read (${messageOf(error)}): restore the one that was put there`,
      { cause: error },
    );
  }
  return Object.fromEntries([...counts].map(([day, records]) => [dateOf(day * DAY_MS), records]));
}

export interface ObjectDaysDeps {
  readonly target: ExportTarget;
  readonly archive: ArchiveStore;
  /** Called with how many objects are to be read, then for each. */
  readonly onTotal: (objects: number) => void;
  readonly onObject: () => void;
}

/**
 * The days of each object, by its name, in UTC by the records' broker timestamps. Reads those that are not known yet.
 * `names` are all that the source has: what is known of others is forgotten.
 */
export async function daysOfObjects(
  source: string,
  objects: readonly SourceObject[],
  names: ReadonlySet<string>,
  { target, archive, onTotal, onObject }: ObjectDaysDeps,
): Promise<ReadonlyMap<string, Days>> {
  const name = `${BOOKS}/source=${source}/objects.json`;
  const books = parseBooks(await target.read(name));
  for (const known of Object.keys(books)) if (!names.has(known)) delete books[known];
  const keep = (): Promise<void> => target.write(name, Buffer.from(`${JSON.stringify(books, null, 1)}\n`));

  const unknown = objects.filter((object) => books[object.name]?.sha256 !== object.range.sha256);
  onTotal(unknown.length);
  const readTimes = createTimeReader();
  for (const [index, object] of unknown.entries()) {
    const bytes = (await archive.get(object.name))?.bytes ?? Buffer.alloc(0);
    books[object.name] = { sha256: object.range.sha256, days: await daysIn(object, bytes, readTimes) };
    onObject();
    if ((index + 1) % KEPT_AFTER === 0) await keep();
  }
  if (unknown.length > 0) await keep();
  return new Map(objects.map((object) => [object.name, books[object.name]!.days]));
}
