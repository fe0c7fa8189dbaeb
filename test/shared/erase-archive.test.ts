import { describe, expect, test } from '@jest/globals';
import { writeManifests } from '../../services/archiver/manifests.ts';
import { archivedLines } from '../../services/shared/archive/archived-lines.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import { createObjectOpener } from '../../services/shared/archive/open-object.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { verifySource } from '../../services/shared/archive/verify.ts';
import { readArchivedErasures } from '../../services/shared/erasing/archived-erasures.ts';
import { changesFor, eraseArchive } from '../../services/shared/erasing/erase-archive.ts';
import { createObjectEraser } from '../../services/shared/erasing/erase-object.ts';
import { createErasures } from '../../services/shared/erasing/erasures.ts';
import { newErasure } from '../../services/shared/erasing/new-erasure.ts';
import { collect } from '../support/collect.ts';
import { putDecided } from '../support/erased-archive.ts';
import { type MadeArchive, makeArchive, putObjects } from '../support/made-archive.ts';

const SOURCE = 'essay';
const of = { source: SOURCE, topic: `lectern.events.${SOURCE}`, partition: 0 };
/** Of three students, in turn; two objects of nine records, and one of one. */
const SIZES = [9, 9, 1];
const LATER = Date.UTC(2026, 9, 1) * 1_000;
const erasureOf = (learner: string) =>
  newErasure({ salt: '0'.repeat(32) }, { learner, before: LATER, now: 1 });
const bob = erasureOf('tc-s0');
const ann = erasureOf('tc-s1');

function erasuresOf(...given: (typeof bob)[]) {
  const erasures = createErasures();
  for (const one of given) erasures.take(one);
  return erasures;
}

async function makeHouse(): Promise<MadeArchive> {
  const made = makeArchive();
  await putObjects(made, { source: SOURCE, sizes: SIZES });
  await writeManifests(made.archive, of);
  return made;
}

const depsOf = (archive: ArchiveStore, erasures = erasuresOf(bob)) => ({
  archive,
  erasures,
  namespace: 'lectern',
  partitionCount: async () => 1,
  now: () => 1_000,
});
const erase = async (archive: ArchiveStore, erasures = erasuresOf(bob)): Promise<void> => {
  for (const one of erasures.after(0)) await eraseArchive(depsOf(archive, erasures), one);
};
const faultsOf = async (archive: ArchiveStore) => {
  const deps = { archive, opener: createObjectOpener(archive) };
  return (await verifySource(SOURCE, { deep: true }, deps)).faults;
};
const namesOf = async (archive: ArchiveStore) =>
  (await collect(archive.list({ prefix: `events/source=${SOURCE}/` }))).map(({ name }) => name);
async function linesOf(archive: ArchiveStore): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  const eraserOf = await readArchivedErasures(archive);
  for (const name of await namesOf(archive))
    for await (const line of archivedLines((await archive.get(name))!.bytes, eraserOf))
      lines.push(JSON.parse(line) as Record<string, unknown>);
  return lines;
}
/** Whatever is stored, as text. */
async function everything(archive: ArchiveStore): Promise<string> {
  const lines = JSON.stringify(await linesOf(archive));
  const others = await collect(archive.list({ prefix: 'erasures/' }));
  const texts = await Promise.all(
    others.map(async ({ name }) => (await archive.get(name))!.bytes.toString()),
  );
  return [lines, ...others.map(({ name }) => name), ...texts].join('\n');
}

describe('an archive in which a learner is erased', () => {
  test('has tombstones in the place of the records, others untouched, and is whole', async () => {
    const { archive } = await makeHouse();
    const before = await linesOf(archive);
    await erase(archive);
    const after = await linesOf(archive);
    expect(after).toHaveLength(before.length);
    for (const [offset, line] of after.entries()) {
      if (offset % 3 !== 0) expect(line).toEqual(before[offset]);
      else {
        const { timestamp, id, session, sequence } = before[offset]!;
        const empty = { client: {}, server: {}, metadata: {}, type: '' };
        expect(line).toMatchObject({ offset, timestamp, id, session, sequence, ...empty });
      }
    }
    expect(await everything(archive)).not.toContain('tc-s0');
    expect(await faultsOf(archive)).toEqual([]);
  });

  test('is left as it is by whoever erases again, and tells what was done', async () => {
    const { archive } = await makeHouse();
    await erase(archive);
    const metadata = await Promise.all((await namesOf(archive)).map((name) => archive.metadata(name)));
    await erase(archive);
    expect(await Promise.all((await namesOf(archive)).map((name) => archive.metadata(name)))).toEqual(
      metadata,
    );
    const changes = await changesFor(depsOf(archive), erasuresOf(bob).after(0)[0]!);
    expect(changes.map(({ count, erased }) => [count, erased[bob.learner]])).toEqual([
      [9, 3],
      [9, 3],
      [1, 1],
    ]);
  });

  test('has each of several learners erased, by several at the same time', async () => {
    const { archive } = await makeHouse();
    const both = erasuresOf(bob, ann);
    await Promise.all([erase(archive), erase(archive, both), erase(archive, both)]);
    const texts = await everything(archive);
    for (const name of ['tc-s0', 'tc-s1']) expect(texts).not.toContain(name);
    expect(texts).toContain('tc-s2');
    expect(await faultsOf(archive)).toEqual([]);
    await writeManifests(archive, of);
    expect(await faultsOf(archive)).toEqual([]);
  });

  test.each(['putIfAbsent', 'replace'] as const)(
    'is whole after a crash at any %s, and erased when it is done again',
    async (step) => {
      const { archive } = await makeHouse();
      const deaths: number[] = [];
      for (const crashAt of [1, 1, 2]) {
        let done = 0;
        // Whoever is dead does nothing more, whatever was begun.
        const living = async <T>(work: () => Promise<T>): Promise<T> => {
          if (done >= crashAt) throw new Error('killed');
          return work();
        };
        const dying = async <T>(work: () => Promise<T>): Promise<T> => {
          const result = await living(work);
          done += 1;
          if (done >= crashAt) throw new Error('killed');
          return result;
        };
        const store: ArchiveStore = {
          ...archive,
          metadata: (name) => living(() => archive.metadata(name)),
          putIfAbsent: (...given) =>
            (step === 'putIfAbsent' ? dying : living)(() => archive.putIfAbsent(...given)),
          replace: (name, make) =>
            (step === 'replace' ? dying : living)(() =>
              archive.replace(name, async (object) => {
                const made = await make(object);
                return living(async () => made);
              }),
            ),
        };
        await erase(store).catch(() => deaths.push(crashAt));
        expect(await faultsOf(archive)).toEqual([]);
      }
      expect(deaths).not.toEqual([]);
      await erase(archive);
      expect(await everything(archive)).not.toContain('tc-s0');
      expect(await faultsOf(archive)).toEqual([]);
    },
  );

  test('is not shown by readers of what is not rewritten yet, as the archive alone tells', async () => {
    const made = await makeHouse();
    await putDecided(made, [bob]);
    expect(await everything(made.archive)).not.toContain('tc-s0');
    expect(
      (await linesOf(made.archive)).filter(({ client }) => JSON.stringify(client) === '{}'),
    ).toHaveLength(7);
  });

  test('is not rewritten where an object is not what was put', async () => {
    const { archive } = await makeHouse();
    const [name] = await namesOf(archive);
    await archive.replace(name!, async ({ bytes, metadata }) => ({ bytes: bytes.subarray(1), metadata }));
    await expect(erase(archive)).rejects.toMatchObject({ code: 'ARCHIVE_BROKEN' });
  });
});

describe('verify', () => {
  const kindsOf = async (archive: ArchiveStore) => (await faultsOf(archive)).map(({ kind }) => kind);

  test('finds an object that was rewritten without a receipt', async () => {
    const { archive } = await makeHouse();
    const eraser = createObjectEraser({
      archive: { ...archive, putIfAbsent: async () => 'created' },
      erasures: erasuresOf(bob),
      now: () => 1,
    });
    for (const name of await namesOf(archive)) {
      await eraser.erase(of, name);
      expect(await kindsOf(archive)).toContain('other');
    }
  });

  test('finds an object that was changed again after it was rewritten, whatever it says of itself', async () => {
    for (const at of SIZES.keys()) {
      const { archive } = await makeHouse();
      await erase(archive);
      const other = makeArchive();
      const [, , last] = await putObjects(other, { source: SOURCE, sizes: [9, 9, 2] });
      const names = await namesOf(archive);
      await archive.replace(names[at]!, async ({ metadata }) => {
        const { range, bytes } = last!;
        const { first, count, last: end } = metadata;
        return {
          bytes,
          metadata: { ...toMetadata(range), first, count, last: end } as Record<string, string>,
        };
      });
      const deps = { archive, opener: createObjectOpener(archive) };
      const { faults } = await verifySource(SOURCE, { deep: false }, deps);
      expect(faults.map(({ name }) => name)).toContain(names[at]!);
    }
  });

  test('finds a receipt that was changed', async () => {
    const { archive } = await makeHouse();
    await erase(archive);
    const [receipt] = await collect(archive.list({ prefix: `erasures/source=${SOURCE}/` }));
    await archive.replace(receipt!.name, async ({ bytes, metadata }) => ({
      bytes: Buffer.from(bytes.toString().replace(/"sha256": "\w{4}/g, '"sha256": "0000')),
      metadata,
    }));
    expect(await kindsOf(archive)).toContain('other');
  });
});
