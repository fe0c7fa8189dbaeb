import { type ObjectEntry, objectsFrom } from '../shared/archive/chain.ts';
import {
  encodeManifest,
  hashOf,
  type Manifest,
  type ManifestObject,
  manifestName,
  manifestNames,
  readManifest,
} from '../shared/archive/manifest.ts';
import { type ArchivedPartition, dateOfName } from '../shared/archive/object-name.ts';
import { parseMetadata } from '../shared/archive/object-range.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { LecternError, messageOf } from '../shared/errors.ts';
import { keyOf } from '../shared/log/partition-key.ts';
import type { Logger } from '../shared/logger.ts';

interface Run {
  readonly date: string;
  readonly objects: readonly ManifestObject[];
}

/** Where the next manifest begins, and what it follows. */
interface ManifestEnd {
  readonly next: number;
  readonly previous: Manifest['previous'];
}

const START: ManifestEnd = { next: 0, previous: null };

async function findEnd(archive: ArchiveStore, of: ArchivedPartition): Promise<ManifestEnd> {
  const name = (await manifestNames(archive, of)).at(-1);
  if (name === undefined) return START;
  const { manifest, sha256 } = await readManifest(archive, of, name);
  return { next: manifest.last + 1, previous: { name, sha256 } };
}

async function objectOf(archive: ArchiveStore, { name, sizeBytes }: ObjectEntry): Promise<ManifestObject> {
  const { first, last, count, sha256 } = parseMetadata(name, await archive.metadata(name));
  return { name, first, last, count, sizeBytes, sha256 };
}

/** Objects from an offset on that follow one another in one folder; the last such run, which may go on, is left out. */
async function* completeRuns(
  archive: ArchiveStore,
  of: ArchivedPartition,
  from: number,
): AsyncGenerator<Run> {
  let date = '';
  let objects: ManifestObject[] = [];
  let next = from;
  for await (const entry of objectsFrom(archive, of, from)) {
    if (entry.first < from) continue;
    const object = await objectOf(archive, entry);
    if (object.first !== next)
      throw new LecternError(
        'ARCHIVE_BROKEN',
        `the archive has no object that begins at offset ${next} of ${of.topic}/${of.partition}: lectern archive verify says more`,
      );
    next = object.last + 1;
    const dateOfEntry = dateOfName(entry.name)!;
    if (dateOfEntry !== date && objects.length > 0) {
      yield { date, objects };
      objects = [];
    }
    date = dateOfEntry;
    objects.push(object);
  }
}

/**
 * Writes the manifests of a partition that are due: one for each run of objects of one date that another date's follows.
 * Whoever else writes them writes the same, so a name that is taken is as good as written. Throws ARCHIVE_BROKEN where the
 * chain of objects or of manifests is broken, which is for a person to mend.
 */
export async function writeManifests(
  archive: ArchiveStore,
  of: ArchivedPartition,
  wrote: () => void = () => undefined,
): Promise<void> {
  const end = await findEnd(archive, of);
  let { previous } = end;
  for await (const { date, objects } of completeRuns(archive, of, end.next)) {
    const [first, last] = [objects[0]!.first, objects.at(-1)!.last];
    const { topic, partition } = of;
    const count = objects.reduce((sum, object) => sum + object.count, 0);
    const manifest: Manifest = {
      version: 1,
      topic,
      partition,
      date,
      first,
      last,
      count,
      objects: [...objects],
      previous,
    };
    const name = manifestName(of, first);
    const bytes = encodeManifest(manifest);
    const sha256 = hashOf(bytes);
    const outcome = await archive.putIfAbsent(name, bytes, { sha256 });
    if (outcome === 'created') wrote();
    previous =
      outcome === 'created'
        ? { name, sha256 }
        : { name, sha256: (await readManifest(archive, of, name)).sha256 };
  }
}

export interface ManifestWriterDeps {
  readonly archive: ArchiveStore;
  readonly logger: Logger;
  /** Called for each that was written. */
  readonly wrote: () => void;
}

/** Writes manifests beside the archiving, which never waits for them: one that fails is written the next time. */
export interface ManifestWriter {
  /** An object was put: those before it may be due. */
  put(of: ArchivedPartition, name: string): void;
  /** Resolves when what is due is written, or failed. */
  settled(): Promise<void>;
}

export function createManifestWriter({ archive, logger, wrote }: ManifestWriterDeps): ManifestWriter {
  /** By partition, the date of its newest object and what is under way. */
  const known = new Map<string, { date: string; writing: Promise<void> }>();

  const write = (of: ArchivedPartition): Promise<void> =>
    writeManifests(archive, of, wrote).catch((error: unknown) =>
      logger.error({ ...of, error: messageOf(error) }, 'the manifest of a partition was not written'),
    );

  return {
    put(of, name) {
      const date = dateOfName(name)!;
      const before = known.get(keyOf(of));
      if (before?.date === date) return;
      const writing = (before?.writing ?? Promise.resolve()).then(() => write(of));
      known.set(keyOf(of), { date, writing });
    },
    async settled() {
      await Promise.all([...known.values()].map(({ writing }) => writing));
    },
  };
}
