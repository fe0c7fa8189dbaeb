import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

async function entriesOf(root: string, folder: string): Promise<Dirent[]> {
  try {
    return await readdir(join(root, folder), { withFileTypes: true });
  } catch (error) {
    // No such folder, or no folder: there are no names below it. Whether the root is there is the caller's question.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/**
 * The names of the files under `root` that begin with `prefix` and come after `after`, in the byte order of whole names,
 * as S3 lists them. A folder is compared as `name/`, so `a-b` comes before what is in `a/`. Names are ASCII, whose bytes
 * have the order of JavaScript's strings. Holds one folder's names for each level in memory. Of the root only what does
 * not begin with a dot is walked.
 */
export async function* walk(
  root: string,
  prefix: string,
  after = '',
  folder = prefix.slice(0, prefix.lastIndexOf('/') + 1),
): AsyncGenerator<string> {
  const names = (await entriesOf(root, folder))
    .filter(
      (entry) => (entry.isDirectory() || entry.isFile()) && (folder !== '' || !entry.name.startsWith('.')),
    )
    .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .filter((name) => name.startsWith(prefix))
    .filter((name) => name > after || (name.endsWith('/') && after.startsWith(name)))
    .sort(byBytes);
  for (const name of names) {
    if (name.endsWith('/')) yield* walk(root, prefix, after, name);
    else yield name;
  }
}

/** The folders directly under `folder` that hold a file, however deep, each ending in `/`, in order. */
export async function foldersOf(root: string, folder: string): Promise<string[]> {
  const names = (await entriesOf(root, folder))
    .filter((entry) => entry.isDirectory() && (folder !== '' || !entry.name.startsWith('.')))
    .map((entry) => `${folder}${entry.name}/`)
    .sort(byBytes);
  const held: string[] = [];
  for (const name of names) {
    // A crash or a delete may leave a folder empty, which is none to the archive.
    const first = await walk(root, name).next();
    if (first.done !== true) held.push(name);
  }
  return held;
}
