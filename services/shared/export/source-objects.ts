import pMap from 'p-map';
import { type ListedObject, type PartitionInventory, takeInventory } from '../archive/inventory.ts';
import type { ArchivedPartition } from '../archive/object-name.ts';
import { type ObjectRange, parseMetadata } from '../archive/object-range.ts';
import type { ArchiveStore } from '../archive/port.ts';
import { LecternError } from '../errors.ts';

/** Days of UTC `YYYY-MM-DD`, inclusive. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

/** An object that may hold records of some days. */
export interface SourceObject extends ListedObject {
  readonly of: ArchivedPartition;
  readonly range: ObjectRange;
}

export interface SourceObjects {
  /** By topic, partition and first offset. */
  readonly objects: readonly SourceObject[];
  /** The names of all objects of the source, of whatever days. */
  readonly names: ReadonlySet<string>;
}

const AT_ONCE = 16;
const LAST_DAY = '9999-12-31';
const LISTINGS = 2;

/**
 * Objects lie under the date of their first record, so an object ends somewhere before the next one's date; or after it,
 * where a broker's clock was put back.
 */
function mayHold({ objects }: PartitionInventory, index: number, { from, to }: DayRange): boolean {
  const { date } = objects[index]!;
  const next = objects[index + 1]?.date ?? LAST_DAY;
  const [start, end] = [date, next].sort() as [string, string];
  return start <= to && end >= from;
}

function gapAfter(objects: readonly SourceObject[]): string | null {
  for (const [index, { of, range }] of objects.entries()) {
    const next = objects[index + 1];
    const isNext = next?.of.topic === of.topic && next.of.partition === of.partition;
    if (isNext && next.first !== range.last + 1) return `${next.name} does not begin at ${range.last + 1}`;
  }
  return null;
}

async function listOnce(archive: ArchiveStore, source: string, days: DayRange): Promise<SourceObjects> {
  const { partitions } = await takeInventory(archive, source);
  const near = partitions.flatMap((partition) => {
    const held = partition.objects.map((_, index) => mayHold(partition, index, days));
    // Whole from the first to the last of them, so that a gap among them shows.
    const [first, last] = [held.indexOf(true), held.lastIndexOf(true)];
    return first < 0
      ? []
      : partition.objects.slice(first, last + 1).map((object) => ({ ...object, of: partition.of }));
  });
  const objects = await pMap(
    near,
    async (object) => ({
      ...object,
      range: parseMetadata(object.name, await archive.metadata(object.name)),
    }),
    { concurrency: AT_ONCE },
  );
  return {
    objects,
    names: new Set(partitions.flatMap((partition) => partition.objects.map(({ name }) => name))),
  };
}

/**
 * The objects of a source that may hold records of some days. Throws ARCHIVE_BROKEN where offsets between them are
 * missing: an export that leaves out records does not say so.
 */
export async function findObjects(
  archive: ArchiveStore,
  source: string,
  days: DayRange,
): Promise<SourceObjects> {
  for (let listing = 1; ; listing++) {
    const found = await listOnce(archive, source, days);
    const gap = gapAfter(found.objects);
    if (gap === null) return found;
    // What is put while the folders are listed may be missing, but is there at the second look.
    if (listing === LISTINGS)
      throw new LecternError(
        'ARCHIVE_BROKEN',
        `the archive has a gap or an overlap: ${gap}; \`lectern archive verify --source ${source}\` tells what to restore`,
      );
  }
}
