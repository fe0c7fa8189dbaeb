import pMap from 'p-map';
import { LecternError } from '../errors.ts';
import type { ArchiveFault } from './archive-fault.ts';
import type { InventoryRange, ListedObject } from './inventory.ts';
import { type ManifestObject, manifestNames, readManifest, type StoredManifest } from './manifest.ts';
import type { ArchivedPartition } from './object-name.ts';
import type { ObjectRange } from './object-range.ts';
import type { ArchiveStore } from './port.ts';
import type { Changes } from './verify-changes.ts';

/** An object that is there, and what it says of itself; null when that is broken. */
export interface HeldObject extends ListedObject {
  readonly range: ObjectRange | null;
}

/** Receipts of so many objects are read at a time. */
const AT_ONCE = 16;

/** Whether a manifest is the one that the next names, and begins where the one before it ends. */
function linkFault(before: StoredManifest | null, { name, manifest }: StoredManifest): ArchiveFault | null {
  const fault = (detail: string): ArchiveFault => ({ kind: 'manifest', name, detail });
  const { previous, first } = manifest;
  if (before === null)
    return previous === null && first === 0
      ? null
      : fault(`the manifest before it is gone${previous === null ? '' : `: restore ${previous.name}`}`);
  if (previous?.name !== before.name)
    return fault(`does not follow ${before.name}: restore ${previous?.name ?? 'what was put there'}`);
  if (previous.sha256 !== before.sha256)
    return fault(`names another hash of ${before.name}, which was changed: restore that`);
  return first === before.manifest.last + 1
    ? null
    : fault(`begins at offset ${first}, where ${before.name} ends at ${before.manifest.last}: restore it`);
}

async function objectFault(
  named: ManifestObject,
  held: ReadonlyMap<string, HeldObject>,
  manifest: string,
  changes: Changes,
): Promise<ArchiveFault | null> {
  const { name, first, last, sha256, sizeBytes } = named;
  const found = held.get(name);
  if (found === undefined)
    return { kind: 'missing', name, detail: `${manifest} names it: restore it, offsets ${first} to ${last}` };
  const { range } = found;
  // What is broken was said already.
  if (range === null) return null;
  const isOfRange = range.first === first && range.last === last;
  const isSame = range.sha256 === sha256 && found.sizeBytes === sizeBytes;
  if (isOfRange && (isSame || (await changes.leadTo(found, { sha256, sizeBytes })))) return null;
  return {
    kind: 'other',
    name,
    detail: `${manifest} names another hash, size or range, and no receipt under erasures/ says that it was rewritten: restore what was put there`,
  };
}

/**
 * What the manifests of a partition say, and the receipts of what was erased since, against what is there. With a range
 * of dates, only manifests of these are held against objects; their own chain is always looked at.
 */
export async function manifestFaults(
  archive: ArchiveStore,
  of: ArchivedPartition,
  objects: readonly HeldObject[],
  changes: Changes,
  { from = '', to = '9' }: InventoryRange,
): Promise<readonly ArchiveFault[]> {
  const held = new Map(objects.map((object) => [object.name, object]));
  const faults: ArchiveFault[] = [];
  let before: StoredManifest | null = null;
  for (const name of await manifestNames(archive, of)) {
    try {
      const stored = await readManifest(archive, of, name);
      const { date, objects: named } = stored.manifest;
      const link = linkFault(before, stored);
      if (link !== null) faults.push(link);
      before = stored;
      if (date < from || date > to) continue;
      const found = await pMap(named, (object) => objectFault(object, held, name, changes), {
        concurrency: AT_ONCE,
      });
      faults.push(...found.flatMap((fault) => fault ?? []));
    } catch (error) {
      if (!(error instanceof LecternError) || error.code !== 'ARCHIVE_BROKEN') throw error;
      faults.push({ kind: 'manifest', name, detail: error.message });
    }
  }
  return faults;
}
