import pMap from 'p-map';
import { LecternError } from '../errors.ts';
import type { ArchiveFault } from './archive-fault.ts';
import {
  type InventoryRange,
  type ListedObject,
  type PartitionInventory,
  takeInventory,
} from './inventory.ts';
import { dateOf } from './object-name.ts';
import { type ObjectRange, parseMetadata } from './object-range.ts';
import type { ObjectOpener } from './open-object.ts';
import type { ArchiveStore } from './port.ts';
import { loadChanges } from './verify-changes.ts';
import { manifestFaults } from './verify-manifests.ts';

export interface VerifiedPartition {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  readonly objects: number;
  readonly records: number;
  readonly first: number | null;
  readonly last: number | null;
}

export interface VerifiedSource {
  readonly partitions: readonly VerifiedPartition[];
  readonly faults: readonly ArchiveFault[];
}

export interface VerifyDeps {
  readonly archive: ArchiveStore;
  readonly opener: ObjectOpener;
  /** Called with how many objects there are to look at, then for each that was looked at. */
  readonly onTotal?: (objects: number) => void;
  readonly onObject?: () => void;
}

export interface VerifyOptions extends InventoryRange {
  /** Reads every object: its hash, its records, their offsets and dates. */
  readonly deep: boolean;
}

/** Metadata, or objects, are asked for so many at a time. */
const AT_ONCE = 32;
const DEEP_AT_ONCE = 4;

type Looked = { readonly range: ObjectRange | null; readonly faults: readonly ArchiveFault[] };

/** What an object's metadata says of it, or, where `deep`, what it holds. Rejects while the store does not answer. */
async function look(object: ListedObject, deep: boolean, { archive, opener }: VerifyDeps): Promise<Looked> {
  const { name, first, date } = object;
  const fault = (kind: ArchiveFault['kind'], detail: string): ArchiveFault => ({ kind, name, detail });
  try {
    if (!deep) {
      const range = parseMetadata(name, await archive.metadata(name));
      const detail = `begins at offset ${range.first}, says its metadata: restore the name and metadata that it was put with`;
      return { range, faults: range.first === first ? [] : [fault('misplaced', detail)] };
    }
    const opened = await opener.open(object);
    const faults: ArchiveFault[] = [];
    for await (const page of opened.pages(0)) {
      const [record] = page;
      if (record!.offset !== first || dateOf(record!.timestamp) === date) continue;
      const detail = `its first record is of ${dateOf(record!.timestamp)}: put it back under that date`;
      faults.push(fault('misplaced', detail));
    }
    return { range: opened.range, faults };
  } catch (error) {
    if (!(error instanceof LecternError) || error.code !== 'ARCHIVE_BROKEN') throw error;
    return { range: null, faults: [fault('broken', error.message)] };
  }
}

/** What is wrong between objects that follow one another. */
function* chainFaults(
  objects: readonly ListedObject[],
  ranges: readonly (ObjectRange | null)[],
  start: number | null,
): Generator<ArchiveFault> {
  /** Null after an object of which nobody knows where it ends. */
  let next = start;
  for (const [index, { name, first }] of objects.entries()) {
    if (next !== null && first > next)
      yield {
        kind: 'gap',
        name,
        detail: `no object holds the offsets ${next} to ${first - 1}: restore what was put there`,
      };
    if (next !== null && first < next)
      yield {
        kind: 'overlap',
        name,
        detail: `begins at offset ${first}, where the objects before it hold all up to ${next - 1}: remove the one that is not of the chain, in which each object begins where another ends`,
      };
    const last = ranges[index]?.last;
    next = last === undefined ? null : Math.max(next ?? 0, last + 1);
  }
}

async function verifyPartition(
  { of, objects }: PartitionInventory,
  options: VerifyOptions,
  deps: VerifyDeps,
): Promise<{ partition: VerifiedPartition; faults: readonly ArchiveFault[] }> {
  const lookAt = async (object: ListedObject): Promise<Looked> => {
    const found = await look(object, options.deep, deps);
    deps.onObject?.();
    return found;
  };
  const looked = await pMap(objects, lookAt, { concurrency: options.deep ? DEEP_AT_ONCE : AT_ONCE });
  const ranges = looked.map(({ range }) => range);
  const start = options.from === undefined ? 0 : null;
  const held = objects.map((object, index) => ({ ...object, range: ranges[index] ?? null }));
  const changes = await loadChanges(deps.archive, of);
  const faults = [
    ...looked.flatMap((one) => one.faults),
    ...chainFaults(objects, ranges, start),
    ...(await manifestFaults(deps.archive, of, held, changes, options)),
    ...(await changes.faults(held)),
  ];
  const records = ranges.reduce((sum, range) => sum + (range?.count ?? 0), 0);
  const first = objects[0]?.first ?? null;
  const last = ranges.at(-1)?.last ?? null;
  return { partition: { ...of, objects: objects.length, records, first, last }, faults };
}

/**
 * Whether what is archived of a source is whole: one chain a partition from offset 0 on, or, where `from` is given, from
 * its first object on. Rejects with ARCHIVE_UNAVAILABLE while the store does not answer.
 */
export async function verifySource(
  source: string,
  options: VerifyOptions,
  deps: VerifyDeps,
): Promise<VerifiedSource> {
  const inventory = await takeInventory(deps.archive, source, options);
  deps.onTotal?.(inventory.partitions.reduce((sum, { objects }) => sum + objects.length, 0));
  const partitions: VerifiedPartition[] = [];
  const faults: ArchiveFault[] = inventory.foreign.map((name) => ({
    kind: 'foreign',
    name,
    detail: 'no archiver gave this name: remove it, or put it back under its own',
  }));
  for (const one of inventory.partitions) {
    const verified = await verifyPartition(one, options, deps);
    partitions.push(verified.partition);
    faults.push(...verified.faults);
  }
  return { partitions, faults };
}
