import { afterEach, describe, expect, test } from '@jest/globals';
import { createManifestWriter, writeManifests } from '../../services/archiver/manifests.ts';
import { encodeManifest, readManifest } from '../../services/shared/archive/manifest.ts';
import type { ArchivedPartition } from '../../services/shared/archive/object-name.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import { createObjectOpener } from '../../services/shared/archive/open-object.ts';
import { verifySource } from '../../services/shared/archive/verify.ts';
import { createLogger } from '../../services/shared/logger.ts';
import {
  type ArchiveHouse,
  at,
  closeArchiveHouses,
  openArchiveHouse,
  records,
  startArchiver,
  topic,
} from '../support/archive-house.ts';
import { collect } from '../support/collect.ts';
import { type MadeArchive, makeArchive, putObjects } from '../support/made-archive.ts';
import { waitFor } from '../support/wait.ts';

afterEach(closeArchiveHouses);

const SOURCE = 'essay';
const of: ArchivedPartition = { source: SOURCE, topic: `lectern.events.${SOURCE}`, partition: 0 };
const logger = createLogger({ service: 'test', level: 'silent' });

const namesIn = async ({ archive }: Pick<MadeArchive, 'archive'>): Promise<string[]> =>
  (await collect(archive.list({ prefix: 'manifests/' }))).map(({ name }) => name);

const verify = async ({ archive }: MadeArchive) =>
  (await verifySource(SOURCE, { deep: false }, { archive, opener: createObjectOpener(archive) })).faults;

/** Objects of four days, the first three with a manifest. */
async function withManifests() {
  const made = makeArchive();
  const objects = await putObjects(made, { source: SOURCE, sizes: [3, 2, 4, 1] });
  await writeManifests(made.archive, of);
  return { made, objects, manifests: await namesIn(made) };
}

async function replace({ archive }: MadeArchive, name: string, bytes: Buffer, metadata = {}): Promise<void> {
  await archive.delete(name);
  await archive.putIfAbsent(name, bytes, metadata);
}

describe('manifests', () => {
  test('name all objects of a date, with their hashes, once another date follows, and the manifest before', async () => {
    const { made, objects, manifests } = await withManifests();
    expect(manifests).toEqual(
      [0, 3, 5].map(
        (first) => `manifests/source=essay/${of.topic}+0+${String(first).padStart(20, '0')}.json`,
      ),
    );
    const [first, second] = await Promise.all(manifests.map((name) => readManifest(made.archive, of, name)));
    expect(second!.manifest).toEqual({
      version: 1,
      topic: of.topic,
      partition: 0,
      date: '2026-09-02',
      first: 3,
      last: 4,
      count: 2,
      objects: [
        {
          name: objects[1]!.name,
          first: 3,
          last: 4,
          count: 2,
          sizeBytes: objects[1]!.bytes.length,
          sha256: objects[1]!.range.sha256,
        },
      ],
      previous: { name: first!.name, sha256: first!.sha256 },
    });
    expect(first!.manifest.previous).toBeNull();
    expect(await verify(made)).toEqual([]);
  });

  test('are the same whoever writes them, from wherever they go on', async () => {
    const { made, manifests } = await withManifests();
    const texts = async (): Promise<string[]> =>
      Promise.all(manifests.map(async (name) => String((await made.archive.get(name))!.bytes)));
    const before = await texts();
    for (const name of manifests.slice(1)) await made.archive.delete(name);
    await Promise.all([writeManifests(made.archive, of), writeManifests(made.archive, of)]);
    expect(await texts()).toEqual(before);
  });

  test('are not written over a gap, nor on after a manifest that was changed beyond reading', async () => {
    const made = makeArchive();
    const [, second] = await putObjects(made, { source: SOURCE, sizes: [3, 2, 4, 1] });
    await made.archive.delete(second!.name);
    await expect(writeManifests(made.archive, of)).rejects.toThrow(/no object that begins at offset 3/);
    const { made: other, manifests } = await withManifests();
    await replace(other, manifests.at(-1)!, Buffer.from('{}'));
    await expect(writeManifests(other.archive, of)).rejects.toThrow(/is not what was put there: restore it/);
  });

  test('that fail are written when the next date comes', async () => {
    const made = makeArchive();
    let away = true;
    let written = 0;
    const archive = {
      ...made.archive,
      putIfAbsent: (...put: Parameters<typeof made.archive.putIfAbsent>) =>
        away ? Promise.reject(new Error('away')) : made.archive.putIfAbsent(...put),
    };
    const wrote = (): void => {
      written += 1;
    };
    const writer = createManifestWriter({ archive, logger, wrote });
    const objects = await putObjects(made, { source: SOURCE, sizes: [3, 2, 4] });
    for (const { name } of objects.slice(0, 2)) writer.put(of, name);
    await writer.settled();
    expect(await namesIn(made)).toEqual([]);
    away = false;
    writer.put(of, objects[2]!.name);
    await writer.settled();
    expect([written, await namesIn(made)]).toEqual([2, [expect.any(String), expect.any(String)]]);
  });
});

describe('verify, by the manifests,', () => {
  test('finds an object that was replaced with all that belongs to it', async () => {
    const { made, objects } = await withManifests();
    const donor = makeArchive();
    const [other] = await putObjects(donor, { source: SOURCE, sizes: [3] });
    const bytes = Buffer.concat([other!.bytes, Buffer.alloc(1)]);
    await replace(made, objects[0]!.name, bytes, toMetadata({ ...other!.range, sha256: '0'.repeat(64) }));
    expect(await verify(made)).toEqual([
      { kind: 'other', name: objects[0]!.name, detail: expect.stringContaining('names another hash') },
    ]);
  });

  test('finds a whole day removed from the end of what they name, and each day that is not there', async () => {
    const { made, objects } = await withManifests();
    for (const { name } of objects.slice(2)) await made.archive.delete(name);
    expect(await verify(made)).toEqual([
      {
        kind: 'missing',
        name: objects[2]!.name,
        detail: expect.stringMatching(/restore it, offsets 5 to 8/),
      },
    ]);
  });

  test.each([
    ['first', 0, /the manifest before it is gone: restore manifests.*0000\.json/],
    ['middle', 1, /does not follow .*0000\.json: restore .*0003\.json/],
  ])('finds the %s manifest removed', async (_, index, detail) => {
    const { made, manifests } = await withManifests();
    await made.archive.delete(manifests[index]!);
    expect(await verify(made)).toEqual([
      { kind: 'manifest', name: manifests[index + 1]!, detail: expect.stringMatching(detail) },
    ]);
  });

  test('finds a manifest changed', async () => {
    const { made, manifests } = await withManifests();
    const { manifest } = await readManifest(made.archive, of, manifests[0]!);
    await replace(made, manifests[0]!, encodeManifest({ ...manifest, count: 99 }));
    expect(await verify(made)).toMatchObject([{ kind: 'manifest', name: manifests[1]! }]);
    await replace(made, manifests[1]!, Buffer.from('no JSON'));
    expect(await verify(made)).toMatchObject([
      { kind: 'manifest', name: manifests[1]!, detail: expect.stringContaining('is not what was put there') },
      { kind: 'manifest', name: manifests[2]! },
    ]);
  });
});

describe('an archiver', () => {
  const DAY_MS = 86_400_000;
  const manifestsOf = (house: ArchiveHouse): Promise<string[]> => namesIn(house);

  test('writes the manifest of a day when the next day begins, and what an earlier one left unwritten', async () => {
    const house = openArchiveHouse();
    const days = [1, 2, 3].flatMap((day) =>
      records(10, (day - 1) * 10).map((record) => ({ ...record, timestamp: day * DAY_MS })),
    );
    house.fake.append(at, days.slice(0, 10));
    const first = await startArchiver(house);
    await first.archiver.stop();
    expect(await manifestsOf(house)).toEqual([]);
    house.fake.append(at, days.slice(10));
    await startArchiver(house);
    await waitFor(async () => (await manifestsOf(house)).length === 2, { message: 'both are written' });
    const [, second] = await manifestsOf(house);
    const { manifest } = await readManifest(house.archive, { source: 'essay', topic, partition: 0 }, second!);
    expect(manifest).toMatchObject({ date: '1970-01-03', first: 10, last: 19 });
  });
});
