import { expect, test } from '@jest/globals';
import type { ArchiveObject, ArchiveStore } from '../../services/shared/archive/port.ts';
import { collect } from '../support/collect.ts';

export interface ReplaceSubject {
  readonly store: ArchiveStore;
  readonly another: () => ArchiveStore;
  /** Whether the server compares and puts in one step, as S3 does. */
  readonly isAtomic: boolean;
}

const objectOf = (content: string): ArchiveObject => ({
  bytes: Buffer.from(content),
  metadata: { content: content.slice(0, 20) },
});

/** Replaces whatever is there. */
const by = (content: string) => async (): Promise<ArchiveObject> => objectOf(content);

/** Resolves for all once so many wait. */
function createBarrier(count: number): () => Promise<void> {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let waiting = 0;
  return () => {
    waiting += 1;
    if (waiting === count) open();
    return opened;
  };
}

export function replaceContract(subject: () => ReplaceSubject): void {
  const put = async (content = 'old'): Promise<void> => {
    const { bytes, metadata } = objectOf(content);
    await subject().store.putIfAbsent('a/b', bytes, metadata);
  };

  test('an object is replaced with its metadata, for others too, under the one name', async () => {
    const { store, another } = subject();
    await put();
    const seen: ArchiveObject[] = [];
    const make = async (object: ArchiveObject): Promise<ArchiveObject> => {
      seen.push(object);
      return objectOf('new and longer');
    };
    expect(await store.replace('a/b', make)).toBe('replaced');
    expect(seen).toEqual([objectOf('old')]);
    for (const reader of [store, another()]) {
      expect(await reader.get('a/b')).toEqual(objectOf('new and longer'));
      expect(await reader.metadata('a/b')).toEqual({ content: 'new and longer' });
    }
    expect(await collect(store.list({ prefix: '' }))).toEqual([{ name: 'a/b', sizeBytes: 14 }]);
    expect(await another().replace('a/b', by('once more'))).toBe('replaced');
    expect(await store.get('a/b')).toEqual(objectOf('once more'));
    await store.delete('a/b');
    expect(await store.get('a/b')).toBeNull();
  });

  test('one that is to stay stays, and none comes from nothing', async () => {
    const { store } = subject();
    await put();
    expect(await store.replace('a/b', async () => null)).toBe('kept');
    expect(await store.get('a/b')).toEqual(objectOf('old'));
    expect(await store.replace('a/c', by('new'))).toBe('absent');
    expect(await store.get('a/c')).toBeNull();
    await expect(store.replace('../a', by('new'))).rejects.toThrow(TypeError);
  });

  test('one that was replaced or removed meanwhile is not', async () => {
    const { store, another } = subject();
    await put();
    const late = async (): Promise<ArchiveObject> => {
      await another().replace('a/b', by('first'));
      return objectOf('second');
    };
    expect(await store.replace('a/b', late)).toBe('changed');
    expect(await store.get('a/b')).toEqual(objectOf('first'));
    const gone = async (): Promise<ArchiveObject> => {
      await another().delete('a/b');
      return objectOf('third');
    };
    expect(await store.replace('a/b', gone)).toBe('changed');
    expect(await store.get('a/b')).toBeNull();
  });

  test('of many who replace one object at the same time one does, and everybody reads what it put', async () => {
    const { store, another, isAtomic } = subject();
    await put();
    for (let round = 0; round < 5; round++) {
      const barrier = createBarrier(8);
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          (n % 2 === 0 ? store : another()).replace('a/b', async () => {
            await barrier();
            return objectOf(`round ${round} by ${n}`);
          }),
        ),
      );
      const winners = outcomes.flatMap((outcome, n) => (outcome === 'replaced' ? [n] : []));
      if (isAtomic) expect(winners).toHaveLength(1);
      const done = winners.map((n) => objectOf(`round ${round} by ${n}`));
      expect(done).toContainEqual(await another().get('a/b'));
    }
  });

  test('whoever reads while it is replaced reads one or the other, never half of each', async () => {
    const { store, another } = subject();
    await put('0'.repeat(20));
    let isOver = false;
    const reading = (async () => {
      for (const reader = another(); !isOver; ) {
        const { bytes, metadata } = (await reader.get('a/b'))!;
        expect(bytes.toString()).toBe(metadata.content);
      }
    })();
    for (let round = 1; round < 30; round++) await store.replace('a/b', by(String(round % 10).repeat(20)));
    isOver = true;
    await reading;
  });
}
