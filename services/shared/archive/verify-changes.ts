import type { ArchiveFault } from './archive-fault.ts';
import { type NamedChange, namedChanges, type ObjectChange, readChange, shortHash } from './object-change.ts';
import type { ArchivedPartition } from './object-name.ts';
import type { ArchiveStore } from './port.ts';
import type { HeldObject } from './verify-manifests.ts';

/** One state of an object. */
interface Version {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What the receipts of a partition say of how its objects were changed to erase. */
export interface Changes {
  /** Whether an object became what it is out of what it was, by changes that have receipts and no other. */
  leadTo(object: HeldObject, from: Version): Promise<boolean>;
  /** Objects that were rewritten without a receipt, or changed after they were rewritten with one. */
  faults(objects: readonly HeldObject[]): Promise<readonly ArchiveFault[]>;
}

/** How many changes one object may have; each of them needs a learner who has records in it. */
const MAX_CHANGES = 100_000;

export async function loadChanges(archive: ArchiveStore, of: ArchivedPartition): Promise<Changes> {
  const byFirst = new Map<number, NamedChange[]>();
  for await (const change of namedChanges(archive, of)) {
    const known = byFirst.get(change.first);
    if (known === undefined) byFirst.set(change.first, [change]);
    else known.push(change);
  }

  /** Those that were made of one version of an object. */
  const madeOf = async (
    { name, first }: HeldObject,
    { sha256 }: Version,
  ): Promise<readonly ObjectChange[]> => {
    const named = (byFirst.get(first) ?? []).filter(({ from }) => from === shortHash(sha256));
    const changes = await Promise.all(named.map((one) => readChange(archive, one.name)));
    return changes.filter(
      (change) => change?.name === name && change.from.sha256 === sha256,
    ) as ObjectChange[];
  };

  // An object that is rewritten while this runs was listed with the size that it had before.
  const isNow = ({ range, sizeBytes }: HeldObject, version: Version): boolean =>
    range?.sha256 === version.sha256 && (range.was !== undefined || sizeBytes === version.sizeBytes);

  const leadTo: Changes['leadTo'] = async (object, from) => {
    const seen = new Set([from.sha256]);
    const queue: Version[] = [from];
    for (let at = 0; at < queue.length && at < MAX_CHANGES; at++) {
      if (isNow(object, queue[at]!)) return true;
      for (const { to } of await madeOf(object, queue[at]!))
        if (!seen.has(to.sha256)) {
          seen.add(to.sha256);
          queue.push(to);
        }
    }
    return false;
  };

  const faultOf = async (object: HeldObject): Promise<string | null> => {
    const { range, first } = object;
    // What is broken was said already.
    if (range === null) return null;
    if (range.was !== undefined) {
      const changes = await madeOf(object, { sha256: range.was, sizeBytes: 0 });
      return changes.some(({ to }) => isNow(object, to))
        ? null
        : 'was rewritten, and no receipt under erasures/ says so: restore the receipt, or what was put there';
    }
    const named = byFirst.get(first) ?? [];
    const now = shortHash(range.sha256);
    return named.length === 0 || named.some(({ from, to }) => from === now || to === now)
      ? null
      : 'was changed after it was rewritten to erase: restore what its receipts under erasures/ say';
  };

  return {
    leadTo,
    async faults(objects) {
      const faults: ArchiveFault[] = [];
      for (const object of objects) {
        const detail = await faultOf(object);
        if (detail !== null) faults.push({ kind: 'other', name: object.name, detail });
      }
      return faults;
    },
  };
}
