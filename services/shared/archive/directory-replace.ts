import { link, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ifThere, syncFolder, unlinkIfThere } from './directory-files.ts';
import { notePathOf, pendingFolder, sidecarPathOf, writePending } from './directory-pending.ts';
import { checkObject } from './object-rules.ts';
import type { ArchiveObject } from './port.ts';

export interface DirectoryReplaceDeps {
  readonly root: string;
  /** The object's inode number; null when there is no such object. */
  readonly find: (name: string) => Promise<bigint | null>;
  /** Completes what was begun of its metadata. */
  readonly settle: (name: string) => Promise<unknown>;
}

/** One file, by what no other file at its path ever had. */
export interface FileVersion {
  readonly inode: bigint;
  readonly mtimeNs: bigint;
}

/**
 * Replaces one version of an object in a directory, durable at each step:
 * 1. bytes and a note of the metadata are written under `.tmp`, as for a put;
 * 2. the bytes are linked to a name made of the version that they replace, which fails where somebody else replaces it:
 *    this decides who wins;
 * 3. that link is renamed over the object, by the winner or by whoever found it: so it happens once, or not at all;
 * 4. the note is renamed over the object's metadata, by whoever reads it next.
 * A crash before step 3 leaves the object as it was, and the next who replaces it finishes what was begun.
 */
export async function replaceVersion(
  { root, find, settle }: DirectoryReplaceDeps,
  name: string,
  { inode, mtimeNs }: FileVersion,
  { bytes, metadata }: ArchiveObject,
): Promise<'replaced' | 'changed'> {
  checkObject(name, bytes, metadata);
  const object = join(root, name);
  const next = join(pendingFolder(root), `${inode}-${mtimeNs}.next`);

  /** False when it is not the version any more that is to be replaced, or what was begun is not whole. */
  const finish = async (): Promise<boolean> => {
    const begun = await stat(next, { bigint: true }).catch(() => null);
    if (begun === null) return false;
    const hasNote = await ifThere(stat(notePathOf(root, begun.ino)));
    if (!hasNote || (await find(name)) !== inode) {
      await unlinkIfThere(next);
      return false;
    }
    await ifThere(rename(next, object));
    await settle(name);
    await syncFolder(dirname(object));
    await syncFolder(dirname(sidecarPathOf(root, name)));
    return true;
  };

  const pending = await writePending(root, bytes, { name, metadata });
  const won = await link(pending.dataPath, next).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
  if (won) await syncFolder(pendingFolder(root));
  const isDone = await finish();
  // Somebody else may have renamed it; the note is gone with what is discarded, so it is in its place before.
  if (won) await settle(name);
  const isThere =
    won && (isDone || (await find(name)) === (await stat(pending.dataPath, { bigint: true })).ino);
  await pending.discard();
  return isThere ? 'replaced' : 'changed';
}
