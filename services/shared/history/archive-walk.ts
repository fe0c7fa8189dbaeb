import { type ObjectEntry, objectsFrom } from '../archive/chain.ts';
import type { ArchivedPartition } from '../archive/object-name.ts';
import { parseMetadata } from '../archive/object-range.ts';
import type { Waiter } from '../archive/object-room.ts';
import type { ObjectOpener, OpenedObject } from '../archive/open-object.ts';
import type { ArchiveStore } from '../archive/port.ts';
import { LecternError } from '../errors.ts';

export interface ArchiveWalkDeps {
  readonly archive: ArchiveStore;
  readonly opener: ObjectOpener;
  readonly of: ArchivedPartition;
  /** The first offset that will be asked for. */
  readonly from: number;
  /** Of objects that others read. */
  readonly waiter?: Waiter | undefined;
}

export type Step =
  | { readonly kind: 'object'; readonly object: OpenedObject }
  /** No object holds the offset. `following` is where the next one begins; null when there is none. */
  | { readonly kind: 'nothing'; readonly following: number | null };

/** The objects of a partition one after another, as they were listed when the walk began. */
export interface ArchiveWalk {
  /**
   * Opens the object that holds an offset, which is not below any that was asked for before. Throws ARCHIVE_BROKEN
   * when two objects hold the same offset, or an object is not what was put.
   */
  take(offset: number): Promise<Step>;
}

interface Passed {
  readonly name: string;
  readonly last: number;
}

export function createArchiveWalk(deps: ArchiveWalkDeps): ArchiveWalk {
  const { archive, opener, of, from } = deps;
  const entries = objectsFrom(archive, of, from);
  let ahead: Promise<ObjectEntry | null> | null = null;
  let passed: Passed | null = null;

  const peek = (): Promise<ObjectEntry | null> => {
    ahead ??= entries.next().then(({ value, done }) => (done === true ? null : value));
    return ahead;
  };

  /** Whoever of two that put at the same time lost the race wrote nothing, so of two that overlap one is foreign. */
  const pass = ({ name, first }: ObjectEntry, last: number): void => {
    if (passed !== null && passed.last >= first)
      throw new LecternError(
        'ARCHIVE_BROKEN',
        `the archive objects ${passed.name} and ${name} both hold offset ${first}: remove the one that is not of the ` +
          'chain, in which each object begins where another ends',
      );
    passed = { name, last };
  };

  const open = async (entry: ObjectEntry): Promise<OpenedObject> => {
    const object = await opener.open(entry, deps.waiter);
    try {
      pass(entry, object.range.last);
      return object;
    } catch (error) {
      object.close();
      throw error;
    }
  };

  return {
    async take(offset) {
      for (;;) {
        const entry = await peek();
        if (entry === null || entry.first > offset)
          return { kind: 'nothing', following: entry?.first ?? null };
        ahead = null;
        const following = (await peek())?.first ?? null;
        if (following !== null && following <= offset) {
          // It comes before the one that holds the offset, and is only looked at for where it ends.
          pass(entry, parseMetadata(entry.name, await archive.metadata(entry.name)).last);
          continue;
        }
        const object = await open(entry);
        if (object.range.last >= offset) return { kind: 'object', object };
        object.close();
        return { kind: 'nothing', following };
      }
    },
  };
}
