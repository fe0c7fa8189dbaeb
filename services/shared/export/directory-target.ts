import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ifThere, makeFolder, syncFolder, unlinkIfThere, writeDurably } from '../archive/directory-files.ts';
import { LecternError, messageOf } from '../errors.ts';
import { BOOKS, type ExportTarget } from './target.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes what exports left behind that were killed. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (!isAlive(Number.parseInt(name, 10))) await rm(join(folder, name), { recursive: true, force: true });
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** An export in a folder, which is made. What is not whole yet lies in it too, as only a rename is all or nothing. */
export async function openDirectoryTarget(root: string): Promise<ExportTarget> {
  const unwhole = join(root, BOOKS, 'unfinished');
  const workDir = join(unwhole, `${process.pid}-${randomBytes(6).toString('hex')}`);
  const toError = (cause: unknown): unknown =>
    typeof (cause as NodeJS.ErrnoException).syscall !== 'string'
      ? cause
      : new LecternError(
          'CONFIG_INVALID',
          `--out: the folder ${root} cannot be used: check that it is there, writable and not full (${messageOf(cause)})`,
          { cause },
        );
  const use = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw toError(cause);
    }
  };
  const place = async (name: string, path: string): Promise<void> => {
    const target = join(root, name);
    await makeFolder(dirname(target));
    await rename(path, target);
    await syncFolder(dirname(target));
  };

  await use(async () => {
    await makeFolder(unwhole);
    await sweep(unwhole);
    await mkdir(workDir);
  });
  return {
    name: root,
    workDir,
    read: (name) => use(async () => (existsSync(join(root, name)) ? await readFile(join(root, name)) : null)),
    write: (name, bytes) =>
      use(async () => {
        const path = join(workDir, randomBytes(8).toString('hex'));
        await writeDurably(path, bytes);
        await place(name, path);
      }),
    putFile: (name, path) =>
      use(async () => {
        await syncFile(path);
        const { size } = await stat(path);
        await place(name, path);
        return size;
      }),
    async size(name) {
      let size: number | null = null;
      const ask = async (): Promise<void> => {
        size = (await stat(join(root, name))).size;
      };
      await use(() => ifThere(ask()));
      return size;
    },
    delete: (name) =>
      use(async () => {
        if (await unlinkIfThere(join(root, name))) await syncFolder(dirname(join(root, name)));
      }),
    close: () => use(() => rm(workDir, { recursive: true, force: true })),
  };
}
