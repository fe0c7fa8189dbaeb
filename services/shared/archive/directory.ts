import { link, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LecternError, messageOf } from '../errors.ts';
import { ifThere, makeFolder, renameIfThere, syncFolder } from './directory-files.ts';
import {
  type Note,
  notePathOf,
  pendingFolder,
  promoteNote,
  sidecarPathOf,
  sweepPending,
  withdraw,
  writePending,
} from './directory-pending.ts';
import { type FileVersion, replaceVersion } from './directory-replace.ts';
import { foldersOf, walk } from './directory-walk.ts';
import { checkFolder, checkName, checkObject, checkPrefix, PAGE_SIZE } from './object-rules.ts';
import type { ArchiveEntry, ArchiveObject, ArchiveStore } from './port.ts';

export interface DirectoryArchiveOptions {
  /** Made when it is not there. One file system, with hard links. Any number of processes may share it. */
  readonly root: string;
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

function absent(error: NodeJS.ErrnoException): null {
  if (ABSENT.has(error.code ?? '')) return null;
  throw error;
}

const statIfThere = (path: string) => stat(path, { bigint: true }).catch(absent);

/**
 * `ArchiveStore` on a directory: objects are plain files under their names, metadata lies in `.metadata/<name>.json`.
 *
 * A put, durable at each step:
 * 1. bytes and a note of the metadata are written under `.tmp`;
 * 2. the bytes are linked to the name, which fails where the name is taken: this decides who wins;
 * 3. the winner's note is renamed to be the object's metadata; losers discard theirs.
 * `directory-replace.ts` says how one is replaced. A crash before step 2 leaves nothing but files under `.tmp`, swept after a day; after it, the next reader does step 3.
 */
export function createDirectoryArchive({ root }: DirectoryArchiveOptions): ArchiveStore {
  let opening: Promise<void> | undefined;

  const toError = (cause: unknown): unknown =>
    typeof (cause as NodeJS.ErrnoException).syscall !== 'string'
      ? cause
      : new LecternError(
          'ARCHIVE_UNAVAILABLE',
          `the archive directory ${root} cannot be used: check that it is mounted, writable and not full ` +
            `(${messageOf(cause)})`,
          { cause, retriable: true },
        );

  /** The object's inode, or null when there is no such object. */
  const find = async (name: string): Promise<bigint | null> => {
    const found = await statIfThere(join(root, name));
    if (found === null) return null;
    if (!found.isFile()) throw new TypeError(`${name} is a folder of other objects`);
    return found.ino;
  };

  const readMetadata = async (name: string): Promise<Note['metadata'] | null> => {
    for (let attempt = 1; attempt <= 3; attempt++) {
      const inode = await find(name);
      if (inode === null) return null;
      // Of one that was replaced: what lies beside it is still that of the one before.
      if (await ifThere(stat(notePathOf(root, inode)))) await promoteNote(root, inode, name);
      const text = await readFile(sidecarPathOf(root, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      if (text !== null && (await find(name)) === inode) return (JSON.parse(text) as Note).metadata;
    }
    throw new LecternError(
      'ARCHIVE_BROKEN',
      `${join(root, name)} has no metadata: restore ${sidecarPathOf(root, name)}, or remove the object`,
    );
  };

  /** Bytes and metadata of one version. */
  const readVersion = async (
    name: string,
  ): Promise<(ArchiveObject & { readonly version: FileVersion }) | null> => {
    for (;;) {
      const path = join(root, name);
      const before = await statIfThere(path);
      const metadata = await readMetadata(name);
      if (metadata === null) return null;
      const bytes = await readFile(path).catch(absent);
      const after = await statIfThere(path);
      if (bytes !== null && before !== null && after?.ino === before.ino)
        return { bytes, metadata, version: { inode: before.ino, mtimeNs: before.mtimeNs } };
    }
  };

  const open = async (): Promise<void> => {
    await makeFolder(pendingFolder(root));
    await makeFolder(join(root, '.metadata'));
    await sweepPending(root, async (name) => void (await readMetadata(name)));
  };

  /** Whether what is absent is so because the whole directory went away. */
  const requireRoot = async (): Promise<void> => void (await stat(pendingFolder(root)));

  const use = async <T>(work: () => Promise<T>): Promise<T> => {
    opening ??= open();
    try {
      await opening.catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return await work();
    } catch (cause) {
      throw toError(cause);
    }
  };

  const checkOwn = (name: string): void => {
    checkName(name);
    if (name.startsWith('.')) throw new TypeError(`a name in a directory does not begin with a dot: ${name}`);
  };

  const pages = async function* (prefix: string, after?: string): AsyncGenerator<readonly ArchiveEntry[]> {
    let page: ArchiveEntry[] = [];
    for await (const name of walk(root, prefix, after)) {
      const found = await stat(join(root, name)).catch(() => null);
      if (found !== null) page.push({ name, sizeBytes: found.size });
      if (page.length < PAGE_SIZE) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
    else await requireRoot();
  };

  return {
    async putIfAbsent(name, bytes, metadata) {
      checkOwn(name);
      checkObject(name, bytes, metadata);
      return await use(async () => {
        const object = join(root, name);
        await makeFolder(dirname(object));
        const pending = await writePending(root, bytes, { name, metadata });
        const created = await link(pending.dataPath, object).then(
          () => true,
          async (error: NodeJS.ErrnoException) => {
            await pending.discard();
            if (error.code === 'EEXIST') return false;
            throw error;
          },
        );
        // Losers do this too, so that what they answer about is whole and there to stay.
        await readMetadata(name);
        await syncFolder(dirname(object));
        await syncFolder(dirname(sidecarPathOf(root, name)));
        await pending.discard();
        return created ? 'created' : 'exists';
      });
    },

    async get(name) {
      checkOwn(name);
      return await use(async () => {
        const found = await readVersion(name);
        if (found !== null) return { bytes: found.bytes, metadata: found.metadata };
        await requireRoot();
        return null;
      });
    },

    async replace(name, make) {
      checkOwn(name);
      const found = await use(() => readVersion(name));
      if (found === null) {
        await use(requireRoot);
        return 'absent';
      }
      const made = await make({ bytes: found.bytes, metadata: found.metadata });
      if (made === null) return 'kept';
      return await use(() => replaceVersion({ root, find, settle: readMetadata }, name, found.version, made));
    },

    async metadata(name) {
      checkOwn(name);
      return await use(async () => {
        const metadata = await readMetadata(name);
        if (metadata === null) await requireRoot();
        return metadata;
      });
    },

    async *list({ prefix, after }) {
      checkPrefix(prefix);
      const listed = pages(prefix, after);
      for (;;) {
        const next = await use(() => listed.next());
        if (next.done === true) return;
        yield next.value;
      }
    },

    async listFolders(prefix) {
      checkFolder(prefix);
      return await use(async () => {
        const folders = await foldersOf(root, prefix);
        if (folders.length === 0) await requireRoot();
        return folders;
      });
    },

    async delete(name) {
      checkOwn(name);
      await use(async () => {
        const inode = await find(name);
        if (inode === null) return await requireRoot();
        // The way of a put backwards, so that a crash leaves the whole object or nothing.
        await renameIfThere(sidecarPathOf(root, name), notePathOf(root, inode));
        await withdraw(root, join(root, name), inode);
        await syncFolder(dirname(join(root, name)));
      });
    },

    check: () => use(requireRoot),

    async close() {},
  };
}
