import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { writePending } from '../../services/shared/archive/directory-pending.ts';
import { collect } from '../support/collect.ts';
import { archiveStoreContract } from './archive-store.ts';

const makeRoot = (): Promise<string> => mkdtemp(join(tmpdir(), 'archive-'));

archiveStoreContract({
  name: 'a directory',
  replacesAtomically: true,
  describe,
  async create() {
    const root = await makeRoot();
    return {
      store: createDirectoryArchive({ root }),
      another: () => createDirectoryArchive({ root }),
      close: () => rm(root, { recursive: true }),
    };
  },
  // Nothing can be made below what is not a directory.
  away: () => createDirectoryArchive({ root: join(process.execPath, 'archive') }),
});

describe('a directory archive', () => {
  let root: string;
  beforeEach(async () => {
    root = await makeRoot();
  });
  afterEach(() => rm(root, { recursive: true, force: true }));
  const open = () => createDirectoryArchive({ root });
  const bytes = Buffer.from('bytes');
  const note = { name: 'f/object', metadata: { first: '1' } };

  /** What a writer leaves that dies before or after its link. */
  const dieMidway = async (linked: boolean): Promise<void> => {
    await open().check();
    await mkdir(join(root, 'f'));
    const pending = await writePending(root, bytes, note);
    if (linked) await link(pending.dataPath, join(root, note.name));
  };
  const leftovers = (): Promise<string[]> => readdir(join(root, '.tmp'));
  const age = async (): Promise<void> => {
    for (const name of await leftovers()) await utimes(join(root, '.tmp', name), 0, 0);
  };

  test('has plain files under the names of its objects, and nothing else that is not hidden', async () => {
    await open().putIfAbsent('a/b.avro', bytes, { x: 'y' });
    expect(await readFile(join(root, 'a/b.avro'))).toEqual(bytes);
    expect((await readdir(root)).sort()).toEqual(['.metadata', '.tmp', 'a']);
    expect(await readdir(join(root, 'a'))).toEqual(['b.avro']);
    expect((await stat(join(root, 'a/b.avro'))).nlink).toBe(1);
    expect(await leftovers()).toEqual([]);
  });

  /** What is left of a replacement that died before, or after, it took the object's place. */
  const dieReplacing = async (renamed: boolean): Promise<void> => {
    await open().putIfAbsent(note.name, Buffer.from('old'), { first: '0' });
    const { ino, mtimeNs } = await stat(join(root, note.name), { bigint: true });
    const pending = await writePending(root, bytes, note);
    const next = join(root, '.tmp', `${ino}-${mtimeNs}.next`);
    await link(pending.dataPath, next);
    if (renamed) await rename(next, join(root, note.name));
  };
  const replaced = { bytes, metadata: note.metadata };

  test('a replacement that died before it took the place is finished by whoever replaces the object next', async () => {
    await dieReplacing(false);
    expect(await open().get(note.name)).toEqual({ bytes: Buffer.from('old'), metadata: { first: '0' } });
    const mine = { bytes: Buffer.from('mine'), metadata: {} };
    expect(await open().replace(note.name, async () => mine)).toBe('changed');
    expect(await open().get(note.name)).toEqual(replaced);
    expect(await open().replace(note.name, async () => mine)).toBe('replaced');
    expect(await open().get(note.name)).toEqual(mine);
  });

  test('a replacement that died after it took the place is read with its own metadata', async () => {
    await dieReplacing(true);
    expect(await open().metadata(note.name)).toEqual(note.metadata);
    expect(await open().get(note.name)).toEqual(replaced);
  });

  test('a replacement of which half is left is none', async () => {
    await dieReplacing(false);
    for (const name of await leftovers()) if (name.endsWith('.json')) await rm(join(root, '.tmp', name));
    expect(await open().replace(note.name, async () => replaced)).toBe('changed');
    expect((await open().get(note.name))!.bytes.toString()).toBe('old');
    expect(await open().replace(note.name, async () => replaced)).toBe('replaced');
    expect(await open().get(note.name)).toEqual(replaced);
  });

  test('a replacement leaves nothing behind, and what one left that died is swept', async () => {
    await open().putIfAbsent('a', bytes, {});
    await Promise.all(Array.from({ length: 8 }, () => open().replace('a', async () => replaced)));
    expect(await leftovers()).toEqual([]);
    await dieReplacing(false);
    await age();
    await open().check();
    expect(await leftovers()).toEqual([]);
    expect((await open().get(note.name))!.bytes.toString()).toBe('old');
  });

  test('losers leave nothing behind', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, n) => open().putIfAbsent('a', Buffer.from([n]), {})));
    expect(await leftovers()).toEqual([]);
  });

  test('a loser takes nothing from who gets its inode number after it', async () => {
    await open().check();
    const loser = await writePending(root, bytes, note);
    await loser.discard();
    // Most file systems give the number away at once; where it does not come back, there is nothing to take.
    const later = await Promise.all(Array.from({ length: 50 }, () => writePending(root, bytes, note)));
    await loser.discard();
    for (const { notePath } of later) expect(JSON.parse(await readFile(notePath, 'utf8'))).toEqual(note);
  });

  test('a writer that died before its link has put nothing, and the name is free', async () => {
    await dieMidway(false);
    expect(await open().get(note.name)).toBeNull();
    expect(await collect(open().list({ prefix: '' }))).toEqual([]);
    expect(await open().listFolders('')).toEqual([]);
    expect(await open().putIfAbsent(note.name, Buffer.from('other'), { first: '2' })).toBe('created');
    expect(await open().metadata(note.name)).toEqual({ first: '2' });
  });

  test.each(['get', 'metadata'] as const)(
    'a writer that died after its link has won, says %s',
    async (call) => {
      await dieMidway(true);
      const found = await open()[call](note.name);
      expect(found).toEqual(call === 'get' ? { bytes, metadata: note.metadata } : note.metadata);
    },
  );

  test('a writer that died after its link has won, says a put', async () => {
    await dieMidway(true);
    expect(await open().putIfAbsent(note.name, bytes, { first: '3' })).toBe('exists');
    expect(await open().get(note.name)).toEqual({ bytes, metadata: note.metadata });
  });

  test.each([
    ['before', false, null],
    ['after', true, { bytes, metadata: note.metadata }],
  ])('what a writer left that died %s its link is swept after a day', async (_, linked, object) => {
    await dieMidway(linked);
    await open().check();
    expect(await leftovers()).toHaveLength(2);
    await age();
    await open().check();
    expect(await leftovers()).toEqual([]);
    expect(await open().get(note.name)).toEqual(object);
  });

  test('an object that came without its metadata is a fault that names it, and can be deleted', async () => {
    await open().check();
    await writeFile(join(root, 'lonely'), bytes);
    await expect(open().get('lonely')).rejects.toMatchObject({
      code: 'ARCHIVE_BROKEN',
      message: expect.stringContaining('lonely'),
    });
    await open().delete('lonely');
    expect(await open().get('lonely')).toBeNull();
  });

  test('a directory that went away after the start is away, not empty', async () => {
    const store = open();
    await store.putIfAbsent('a/b', bytes, {});
    await rename(root, `${root}-elsewhere`);
    const fault = { code: 'ARCHIVE_UNAVAILABLE', message: expect.stringContaining(root) };
    await expect(store.get('a/b')).rejects.toMatchObject(fault);
    await expect(store.metadata('a/b')).rejects.toMatchObject(fault);
    await expect(collect(store.list({ prefix: 'a/' }))).rejects.toMatchObject(fault);
    await expect(store.listFolders('a/')).rejects.toMatchObject(fault);
    await expect(store.check()).rejects.toMatchObject(fault);
    await rename(`${root}-elsewhere`, root);
    expect(await store.get('a/b')).not.toBeNull();
  });

  test.each(['.tmp/x', '.metadata/a.json', '.hidden'])('its own %s is no object', async (name) => {
    await expect(open().get(name)).rejects.toThrow(TypeError);
    await expect(open().putIfAbsent(name, bytes, {})).rejects.toThrow(TypeError);
  });

  test('a name that is a folder of others is refused', async () => {
    await open().putIfAbsent('a/b', bytes, {});
    await expect(open().putIfAbsent('a', bytes, {})).rejects.toThrow('folder of other objects');
    expect(await leftovers()).toEqual([]);
  });
});
