import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ifThere,
  makeFolder,
  renameIfThere,
  syncFolder,
  unlinkIfThere,
  writeDurably,
} from './directory-files.ts';

/**
 * Objects on their way into a directory archive, under `<root>/.tmp`: the bytes, and a note of name and metadata. The
 * note is called after the bytes' inode number, which the object keeps: so the note of whoever won a name is found from
 * the object alone, and no loser's is ever taken for it. For that, a note never outlives the last file with its number:
 * the number is free for other files then.
 */

export interface Note {
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Pending {
  /** Where the bytes are, to be linked to their name. */
  readonly dataPath: string;
  readonly notePath: string;
  /** Removes what is left of it. */
  discard(): Promise<void>;
}

const DAY_MS = 24 * 3_600_000;

export function pendingFolder(root: string): string {
  return join(root, '.tmp');
}

export function notePathOf(root: string, inode: bigint): string {
  return join(pendingFolder(root), `${inode}.json`);
}

/** Durable when it resolves. */
export async function writePending(root: string, bytes: Buffer, note: Note): Promise<Pending> {
  const path = join(pendingFolder(root), randomUUID());
  const dataPath = `${path}.data`;
  try {
    const notePath = notePathOf(root, await writeDurably(dataPath, bytes));
    await writeDurably(`${path}.note`, JSON.stringify(note));
    await rename(`${path}.note`, notePath);
    await syncFolder(pendingFolder(root));
    let discarded = false;
    return {
      dataPath,
      notePath,
      async discard() {
        if (discarded) return; // a note of that number would be somebody else's by now
        discarded = true;
        await unlinkIfThere(notePath);
        await unlinkIfThere(dataPath);
      },
    };
  } catch (error) {
    // A full disk, most likely: what was begun must not keep it full.
    await unlinkIfThere(`${path}.note`);
    await unlinkIfThere(dataPath);
    throw error;
  }
}

/** Takes an object whose note is back here out of the archive. */
export async function withdraw(root: string, objectPath: string, inode: bigint): Promise<void> {
  const dataPath = join(pendingFolder(root), `${randomUUID()}.data`);
  await renameIfThere(objectPath, dataPath);
  await unlinkIfThere(notePathOf(root, inode));
  await unlinkIfThere(dataPath);
}

async function sweepNote(root: string, path: string, finish: (name: string) => Promise<void>): Promise<void> {
  const { name } = JSON.parse(await readFile(path, 'utf8')) as Note;
  let won = false;
  await ifThere(
    stat(join(root, name), { bigint: true }).then(({ ino }) => {
      won = notePathOf(root, ino) === path;
    }),
  );
  await (won ? finish(name) : unlinkIfThere(path));
}

/** Removes what writers left behind that died more than a day ago; `finish` completes those that had won their name. */
export async function sweepPending(root: string, finish: (name: string) => Promise<void>): Promise<void> {
  const folder = pendingFolder(root);
  const old: string[] = [];
  for (const entry of await readdir(folder)) {
    const path = join(folder, entry);
    const found = await stat(path).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > DAY_MS) old.push(path);
  }
  // Another process may be sweeping, too.
  for (const path of old.filter((name) => name.endsWith('.json')))
    await ifThere(sweepNote(root, path, finish));
  for (const path of old.filter((name) => !name.endsWith('.json'))) await unlinkIfThere(path);
}

/** Where an object's metadata is: outside the tree of objects, so that `**` of analysts finds objects only. */
export function sidecarPathOf(root: string, name: string): string {
  return join(root, '.metadata', `${name}.json`);
}

/** Turns the note of a winner into the sidecar of its object; false when somebody else did. */
export async function promoteNote(root: string, inode: bigint, name: string): Promise<boolean> {
  const sidecar = sidecarPathOf(root, name);
  await makeFolder(join(sidecar, '..'));
  return await renameIfThere(notePathOf(root, inode), sidecar);
}
