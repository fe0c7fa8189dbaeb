import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findFirstObject, objectsFrom } from '../../services/shared/archive/chain.ts';
import { findHighestEnd } from '../../services/shared/archive/chain-end.ts';
import { objectName } from '../../services/shared/archive/object-name.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';

/** The objects of a partition are found in the order of their offsets, however the dates lie. */

const of = { source: 'essay', topic: 'test.events.essay', partition: 0 };
const DAY = 86_400_000;
const EPOCH = Date.parse('2026-01-01');
type Named = readonly { readonly first: number; readonly day: number }[];

const nameOf = (first: number, day: number, partition = 0): string =>
  objectName({ ...of, partition }, { offset: first, timestamp: EPOCH + day * DAY });

interface Listing {
  readonly archive: ArchiveStore;
  listed(): number;
}

/** An archive of names alone, paged like a real one. */
function listing(names: readonly string[], pageSize = 1_000): Listing {
  const sorted = [...names].sort();
  let listed = 0;
  const archive: Partial<ArchiveStore> = {
    async *list({ prefix, after = '' }) {
      const found = sorted.filter((name) => name.startsWith(prefix) && name > after);
      for (let at = 0; at < found.length; at += pageSize) {
        listed += 1;
        yield found.slice(at, at + pageSize).map((name) => ({ name, sizeBytes: 1 }));
      }
    },
    listFolders: async () => [...new Set(sorted.map((name) => name.slice(0, name.lastIndexOf('/') + 1)))],
    async metadata(name) {
      const first = Number(name.slice(-25, -5));
      return { first: `${first}`, last: `${first + 4}`, count: '5', sha256: 'a'.repeat(64) };
    },
  };
  return { archive: archive as ArchiveStore, listed: () => listed };
}

async function firstsFrom(archive: ArchiveStore, offset: number): Promise<number[]> {
  const firsts: number[] = [];
  for await (const { name, first } of objectsFrom(archive, of, offset))
    firsts.push(name.endsWith(`+0+${String(first).padStart(20, '0')}.avro`) ? first : Number.NaN);
  return firsts;
}

/** Every object of ours from two before the one that holds the offset. */
function expected(objects: Named, offset: number): number[] {
  const firsts = objects.map(({ first }) => first);
  const before = firsts.filter((first) => first <= offset).length;
  return firsts.slice(Math.max(0, before - 2));
}

const jumpyChain = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 0, max: 5 })), { maxLength: 8 })
  .map((runs): Named => {
    const days = runs.flatMap(([count, day]) => Array<number>(count).fill(day));
    return days.map((day, index) => ({ first: index * 5, day }));
  });

describe('the objects of a chain', () => {
  test('are found in order from any offset, whatever the clock did', async () => {
    await fc.assert(
      fc.asyncProperty(jumpyChain, fc.nat(), fc.integer({ min: 1, max: 40 }), async (chain, at, pageSize) => {
        const foreign = [nameOf(3, 2, 1), nameOf(0, 1, 10), `${nameOf(7, 1)}.bak`];
        const { archive } = listing(
          [...chain.map(({ first, day }) => nameOf(first, day)), ...foreign],
          pageSize,
        );
        const offset = at % (chain.length * 5 + 1);
        expect(await firstsFrom(archive, offset)).toEqual(expected(chain, offset));
        expect((await findFirstObject(archive, of))?.first ?? null).toBe(chain[0]?.first ?? null);
        const highest = await findHighestEnd(archive, of);
        expect(highest?.range.first ?? null).toBe(chain.at(-1)?.first ?? null);
      }),
      { numRuns: 100 },
    );
  });

  test('of a busy day are listed as they are taken', async () => {
    const chain = Array.from({ length: 2_500 }, (_, index) => ({
      first: index * 5,
      day: index < 1_200 ? 0 : 1,
    }));
    const { archive, listed } = listing(chain.map(({ first, day }) => nameOf(first, day)));
    const objects = objectsFrom(archive, of, 50);
    for (const first of [45, 50, 55]) expect((await objects.next()).value).toMatchObject({ first });
    expect(listed()).toBe(2);
    expect(await firstsFrom(archive, 50)).toEqual(expected(chain, 50));
  });

  test('begin at offset 0 without all the dates being asked', async () => {
    const names = Array.from({ length: 400 }, (_, day) => nameOf(day * 5, day));
    const { archive, listed } = listing(names);
    expect(await findFirstObject(archive, of)).toMatchObject({ first: 0 });
    expect(listed()).toBeLessThan(20);
  });

  test('are none in an archive that has none', async () => {
    const { archive } = listing([nameOf(0, 0, 3)]);
    expect(await findFirstObject(archive, of)).toBeNull();
    expect(await firstsFrom(archive, 0)).toEqual([]);
  });
});
