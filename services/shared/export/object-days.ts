import { z } from 'zod';
import { dateOf } from '../archive/object-name.ts';
import type { ObjectOpener } from '../archive/open-object.ts';
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

/** Anything that is not what was written counts as nothing: it is only known what would be read again. */
function parseBooks(bytes: Buffer | null): Books {
  if (bytes === null) return {};
  try {
    return booksSchema.safeParse(JSON.parse(bytes.toString())).data ?? {};
  } catch {
    return {};
  }
}

async function daysIn(object: SourceObject, opener: ObjectOpener): Promise<Days> {
  const days: Record<string, number> = {};
  for await (const page of (await opener.open(object)).pages(object.first))
    for (const { timestamp } of page) {
      const day = dateOf(timestamp);
      days[day] = (days[day] ?? 0) + 1;
    }
  return days;
}

export interface ObjectDaysDeps {
  readonly target: ExportTarget;
  readonly opener: ObjectOpener;
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
  { target, opener, onTotal, onObject }: ObjectDaysDeps,
): Promise<ReadonlyMap<string, Days>> {
  const name = `${BOOKS}/source=${source}/objects.json`;
  const books = parseBooks(await target.read(name));
  for (const known of Object.keys(books)) if (!names.has(known)) delete books[known];
  const keep = (): Promise<void> => target.write(name, Buffer.from(`${JSON.stringify(books, null, 1)}\n`));

  const unknown = objects.filter((object) => books[object.name]?.sha256 !== object.range.sha256);
  onTotal(unknown.length);
  for (const [index, object] of unknown.entries()) {
    books[object.name] = { sha256: object.range.sha256, days: await daysIn(object, opener) };
    onObject();
    if ((index + 1) % KEPT_AFTER === 0) await keep();
  }
  if (unknown.length > 0) await keep();
  return new Map(objects.map((object) => [object.name, books[object.name]!.days]));
}
