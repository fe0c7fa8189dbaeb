import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** File operations that outlive a power cut once they resolve. */

export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and those above it; every new one is durable in its parent. */
export async function makeFolder(path: string): Promise<void> {
  const topmost = await mkdir(path, { recursive: true });
  if (topmost === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === topmost) return;
  }
}

/** Writes a new file and returns its inode number, which stays its own under every link to it. */
export async function writeDurably(path: string, content: Buffer | string): Promise<bigint> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(content);
    await handle.sync();
    return (await handle.stat({ bigint: true })).ino;
  } finally {
    await handle.close();
  }
}

/** Resolves to false when there is nothing at that path. */
export function ifThere(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

export function unlinkIfThere(path: string): Promise<boolean> {
  return ifThere(unlink(path));
}

export function renameIfThere(from: string, to: string): Promise<boolean> {
  return ifThere(rename(from, to));
}
