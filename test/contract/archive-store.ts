import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ArchiveEntry, ArchiveStore } from '../../services/shared/archive/port.ts';
import { collect } from '../support/collect.ts';
import { replaceContract } from './archive-store-replace.ts';

export interface ArchiveStoreContract {
  readonly name: string;
  readonly describe: (name: string, body: () => void) => void;
  /** An empty store, and others that read and write the same objects as other processes would. */
  readonly create: () => Promise<{
    readonly store: ArchiveStore;
    readonly another: () => ArchiveStore;
    readonly close: () => Promise<void>;
  }>;
  readonly replacesAtomically: boolean;
  /** A store that cannot be reached. */
  readonly away: () => ArchiveStore;
}

const MIB = 1_048_576;
const text = (content: string): Buffer => Buffer.from(content);
const namesOf = (entries: readonly ArchiveEntry[]): string[] => entries.map(({ name }) => name);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What every adapter of `ArchiveStore` keeps. Each test has a store of its own. */
export function archiveStoreContract(contract: ArchiveStoreContract): void {
  contract.describe(`the archive store on ${contract.name}`, () => {
    let store: ArchiveStore;
    let another: () => ArchiveStore;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ store, another, close } = await contract.create());
    });
    afterEach(() => close());
    const putAll = async (names: readonly string[]): Promise<void> => {
      for (let at = 0; at < names.length; at += 20)
        await Promise.all(names.slice(at, at + 20).map((name) => store.putIfAbsent(name, text(name), {})));
    };
    const list = async (prefix: string, after?: string): Promise<string[]> =>
      namesOf(await collect(store.list({ prefix, ...(after && { after }) })));

    test('an object is read back as it was put, by others too', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const metadata = { first: '0', 'a-b': 'two words, = and %' };
      expect(await store.putIfAbsent('a/b/c.avro', bytes, metadata)).toBe('created');
      for (const reader of [store, another()]) {
        const object = await reader.get('a/b/c.avro');
        expect(object!.bytes.equals(bytes)).toBe(true);
        expect(object!.metadata).toEqual(metadata);
        expect(await reader.metadata('a/b/c.avro')).toEqual(metadata);
      }
    });

    test('a name that is taken stays as it is', async () => {
      await store.putIfAbsent('a', text('first'), { writer: '1' });
      expect(await another().putIfAbsent('a', text('second, longer'), { writer: '2' })).toBe('exists');
      expect(await store.putIfAbsent('a', text('first'), { writer: '3' })).toBe('exists');
      expect(await store.get('a')).toEqual({ bytes: text('first'), metadata: { writer: '1' } });
    });

    test.each([
      ['different bytes', (writer: number) => Buffer.alloc(50_000 + writer, writer)],
      ['the same bytes', () => Buffer.alloc(50_000, 7)],
    ])('of 20 writers racing with %s one wins, and everybody reads what it put', async (_, bytesOf) => {
      for (let round = 0; round < 5; round++) {
        const name = `race/${round}`;
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, async (__, writer) => {
            const racer = writer % 2 === 0 ? store : another();
            const outcome = await racer.putIfAbsent(name, bytesOf(writer), { writer: String(writer) });
            const seen = await racer.get(name);
            return { outcome, writer, seen };
          }),
        );
        const winners = outcomes.filter(({ outcome }) => outcome === 'created');
        expect(winners).toHaveLength(1);
        const { writer } = winners[0]!;
        for (const { seen } of outcomes) {
          expect(seen!.metadata).toEqual({ writer: String(writer) });
          expect(seen!.bytes.equals(bytesOf(writer))).toBe(true);
        }
        expect(await list('race/')).toHaveLength(round + 1);
      }
    });

    test('names are listed in the order of their bytes, whatever folders they are in', async () => {
      const names = [
        'a-b',
        'a/b',
        'a/b-',
        'a/c/d',
        'a/c-d',
        'a/c.d',
        'a0',
        'aa/x',
        'A/x',
        'events/source=x y/date=2026-01-01/t+0+00000000000000000000.avro',
        'events/source=x y/date=2026-01-01/t+0+00000000000000000010.avro',
        'events/source=x y/date=2026-01-01/t+10+00000000000000000000.avro',
        'events/source=x+y/date=2026-01-01/t+0+00000000000000000000.avro',
        'z',
        'zz',
        'z z~!@#$&*()',
      ];
      await putAll(names.toReversed());
      const sorted = names.toSorted((a, b) => Buffer.compare(text(a), text(b)));
      expect(await list('')).toEqual(sorted);
      for (const prefix of ['a', 'a/', 'a/c', 'a/c/', 'events/source=x', 'z', 'nothing', 'a/b/', 'z/'])
        expect(await list(prefix)).toEqual(sorted.filter((name) => name.startsWith(prefix)));
      for (const after of [...sorted, '', '0', 'a', 'a/', 'a/c', 'a/z', 'b', '~'])
        expect(await list('', after)).toEqual(sorted.filter((name) => name > after));
      expect(await list('a/', 'a/b')).toEqual(['a/b-', 'a/c-d', 'a/c.d', 'a/c/d']);
    });

    test('the sizes that are listed are those of the objects', async () => {
      await store.putIfAbsent('empty', Buffer.alloc(0), {});
      await store.putIfAbsent('full', Buffer.alloc(12_345), { some: 'metadata' });
      expect(await collect(store.list({ prefix: '' }))).toEqual([
        { name: 'empty', sizeBytes: 0 },
        { name: 'full', sizeBytes: 12_345 },
      ]);
      expect((await store.get('empty'))!.bytes).toHaveLength(0);
    });

    test('more than a page is listed in pages, each name once', async () => {
      const names = Array.from({ length: 1_003 }, (_, n) => `many/${n % 3}/${String(n).padStart(5, '0')}`);
      await putAll(names);
      const pages: number[] = [];
      const listed: string[] = [];
      for await (const page of store.list({ prefix: 'many/' })) {
        pages.push(page.length);
        listed.push(...namesOf(page));
      }
      expect(listed).toEqual(names.toSorted());
      expect(pages.length).toBeGreaterThan(1);
      expect(Math.max(...pages)).toBeLessThanOrEqual(1_000);
      expect(Math.min(...pages)).toBeGreaterThan(0);
      expect(await list('many/', 'many/2/00998')).toEqual(['many/2/01001']);
    }, 120_000);

    test('the folders of a folder are listed in order, without what is in them, and without objects', async () => {
      await putAll(['f/date=2026-01-02/x', 'f/date=2026-01-01/y/z', 'f/date=2026-01-01/w', 'f/o', 'g/x']);
      expect(await store.listFolders('f/')).toEqual(['f/date=2026-01-01/', 'f/date=2026-01-02/']);
      expect(await store.listFolders('')).toEqual(['f/', 'g/']);
      expect(await store.listFolders('none/')).toEqual([]);
      await store.delete('f/date=2026-01-02/x');
      expect(await store.listFolders('f/')).toEqual(['f/date=2026-01-01/']);
    });

    test.each([1, 5 * MIB + 1, 64 * MIB])(
      'an object of %d bytes comes back intact',
      async (size) => {
        const bytes = randomBytes(size);
        const hash = sha256(bytes);
        expect(await store.putIfAbsent('big', bytes, { sha256: hash })).toBe('created');
        const object = await another().get('big');
        expect(object!.bytes).toHaveLength(size);
        expect(sha256(object!.bytes)).toBe(hash);
        expect(object!.metadata).toEqual({ sha256: hash });
      },
      120_000,
    );

    test('metadata of 2 KiB is kept', async () => {
      const metadata = { long: 'm'.repeat(2_000) };
      await store.putIfAbsent('a', text('a'), metadata);
      expect(await store.metadata('a')).toEqual(metadata);
    });

    test('what is not there is null', async () => {
      await store.putIfAbsent('a/b', text('x'), {});
      for (const name of ['none', 'a/none', 'none/at/all', 'a/b2']) {
        expect(await store.get(name)).toBeNull();
        expect(await store.metadata(name)).toBeNull();
      }
      expect(await list('none')).toEqual([]);
    });

    test('what is deleted is gone, and its name is free', async () => {
      await store.putIfAbsent('a/b', text('old'), { version: '1' });
      await store.putIfAbsent('a/c', text('other'), {});
      await store.delete('a/b');
      expect(await store.get('a/b')).toBeNull();
      expect(await store.metadata('a/b')).toBeNull();
      expect(await list('')).toEqual(['a/c']);
      await store.delete('a/b');
      await store.delete('never/was');
      expect(await store.putIfAbsent('a/b', text('new'), { version: '2' })).toBe('created');
      expect(await another().get('a/b')).toEqual({ bytes: text('new'), metadata: { version: '2' } });
    });

    test.each([
      ['an empty name', ''],
      ['an absolute name', '/a'],
      ['a folder', 'a/'],
      ['a name with an empty segment', 'a//b'],
      ['a name out of the store', '../a'],
      ['a name that goes up', 'a/../b'],
      ['a name that goes nowhere', './a'],
      ['a name that ends in a dot segment', 'a/.'],
      ['a name that is not ASCII', 'ü'],
      ['a name with a line break', 'a\nb'],
      ['a name of 1,025 bytes', `${'x/'.repeat(512)}x`],
    ])('%s is refused by every call', async (_, name) => {
      await expect(store.putIfAbsent(name, text('x'), {})).rejects.toThrow(TypeError);
      await expect(store.get(name)).rejects.toThrow(TypeError);
      await expect(store.metadata(name)).rejects.toThrow(TypeError);
      await expect(store.delete(name)).rejects.toThrow(TypeError);
    });

    test.each([
      ['an upper-case name', { First: '1' }],
      ['a value that is not ASCII', { name: 'ü' }],
      ['a value with a line break', { name: 'a\r\nb' }],
      ['a value with outer blanks', { name: ' a' }],
      ['more than 2 KiB', { name: 'x'.repeat(2_048) }],
    ])('metadata with %s is refused', async (_, metadata) => {
      await expect(store.putIfAbsent('a', text('x'), metadata)).rejects.toThrow(TypeError);
      expect(await store.get('a')).toBeNull();
    });

    test('a prefix cannot lead out of the store', async () => {
      await expect(collect(store.list({ prefix: '../' }))).rejects.toThrow(TypeError);
      await expect(store.listFolders('../')).rejects.toThrow(TypeError);
      await expect(store.listFolders('a')).rejects.toThrow(TypeError);
    });

    replaceContract(() => ({ store, another, isAtomic: contract.replacesAtomically }));

    test('a store that answers is told from one that is away, in every call', async () => {
      await store.check();
      const away = contract.away();
      const fault = { code: 'ARCHIVE_UNAVAILABLE', retriable: true };
      await expect(away.check()).rejects.toMatchObject(fault);
      await expect(away.putIfAbsent('a', text('a'), {})).rejects.toMatchObject(fault);
      await expect(away.replace('a', async () => null)).rejects.toMatchObject(fault);
      await expect(away.get('a')).rejects.toMatchObject(fault);
      await expect(away.metadata('a')).rejects.toMatchObject(fault);
      await expect(collect(away.list({ prefix: '' }))).rejects.toMatchObject(fault);
      await expect(away.listFolders('')).rejects.toMatchObject(fault);
      await expect(away.delete('a')).rejects.toMatchObject(fault);
      await away.close();
    });
  });
}
