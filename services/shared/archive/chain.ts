import { type ArchivedPartition, offsetOfName, partitionPrefix, sourceFolder } from './object-name.ts';
import type { ArchiveStore } from './port.ts';

/**
 * The objects of a partition as they lie in the archive: under dates, by first offsets. A broker whose clock jumped puts
 * later offsets under earlier dates, so the order of the dates is never taken for that of the offsets.
 */

/** An object as a listing shows it. */
export interface ObjectEntry {
  readonly name: string;
  /** The offset that its name says. */
  readonly first: number;
  readonly sizeBytes: number;
}

/** How many folders are listed at a time. */
const FOLDERS_AT_ONCE = 16;
/** How many entries of a folder are kept in memory; a day has 96 where objects are cut by age. */
const KEPT_ENTRIES = 100;

/** The objects of a partition in one date folder, in pages. Names that no archiver gave are passed over. */
export async function* objectsIn(
  archive: ArchiveStore,
  of: ArchivedPartition,
  folder: string,
  after?: string,
): AsyncGenerator<readonly ObjectEntry[]> {
  const prefix = `${folder}${partitionPrefix(of)}`;
  for await (const page of archive.list({ prefix, ...(after === undefined ? {} : { after }) })) {
    const entries = page.flatMap(({ name, sizeBytes }) => {
      const first = offsetOfName(name.slice(prefix.length));
      return first === null ? [] : [{ name, first, sizeBytes }];
    });
    if (entries.length > 0) yield entries;
  }
}

/** Asks each folder of a partition's source, some at a time, until `enough` says so. */
async function askFolders<T>(
  archive: ArchiveStore,
  of: ArchivedPartition,
  ask: (folder: string) => Promise<T>,
  enough: (answers: readonly T[]) => boolean = () => false,
): Promise<readonly T[]> {
  const folders = await archive.listFolders(sourceFolder(of));
  const answers: T[] = [];
  for (let at = 0; at < folders.length && !enough(answers); at += FOLDERS_AT_ONCE)
    answers.push(...(await Promise.all(folders.slice(at, at + FOLDERS_AT_ONCE).map(ask))));
  return answers;
}

/** The object with the lowest offset of a partition; null when nothing of it is archived. */
export async function findFirstObject(
  archive: ArchiveStore,
  of: ArchivedPartition,
): Promise<ObjectEntry | null> {
  const firstIn = async (folder: string): Promise<ObjectEntry | null> => {
    for await (const [entry] of objectsIn(archive, of, folder)) return entry!;
    return null;
  };
  const firsts = await askFolders(archive, of, firstIn, (found) => found.some((entry) => entry?.first === 0));
  return firsts.reduce(
    (lowest, entry) => (lowest === null || (entry !== null && entry.first < lowest.first) ? entry : lowest),
    null,
  );
}

/** A folder, how far it was listed. */
interface Cursor {
  readonly folder: string;
  /** The last two that begin at or below the offset that was asked for. */
  readonly below: readonly ObjectEntry[];
  ahead: ObjectEntry[];
}

const NOWHERE: Cursor = { folder: '', below: [], ahead: [] };

/**
 * Every object of a partition from two before the one that should hold `offset`, in the order of their first offsets.
 * Lists each folder once, and again as it is read; what is put meanwhile may be missing.
 */
export async function* objectsFrom(
  archive: ArchiveStore,
  of: ArchivedPartition,
  offset: number,
): AsyncGenerator<ObjectEntry> {
  const open = async (folder: string): Promise<Cursor> => {
    let below: readonly ObjectEntry[] = [];
    for await (const page of objectsIn(archive, of, folder)) {
      const found = page.findIndex(({ first }) => first > offset);
      const split = found === -1 ? page.length : found;
      below = [...below, ...page.slice(0, split)].slice(-2);
      if (split < page.length) return { folder, below, ahead: page.slice(split, split + KEPT_ENTRIES) };
    }
    return { folder, below, ahead: [] };
  };
  const refill = async (cursor: Cursor, after: string): Promise<void> => {
    for await (const page of objectsIn(archive, of, cursor.folder, after)) {
      cursor.ahead = page.slice(0, KEPT_ENTRIES);
      return;
    }
  };

  const cursors = await askFolders(archive, of, open);
  const below = cursors.flatMap((cursor) => cursor.below).sort((a, b) => a.first - b.first);
  yield* below.slice(-2);
  const firstOf = ({ ahead }: Cursor): number => ahead[0]?.first ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const lowest = cursors.reduce((one, other) => (firstOf(other) < firstOf(one) ? other : one), NOWHERE);
    const entry = lowest.ahead.shift();
    if (entry === undefined) return;
    yield entry;
    if (lowest.ahead.length === 0) await refill(lowest, entry.name);
  }
}
