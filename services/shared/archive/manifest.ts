import { createHash } from 'node:crypto';
import { z } from 'zod';
import { LecternError } from '../errors.ts';
import type { ArchivedPartition } from './object-name.ts';
import type { ArchiveStore } from './port.ts';

/**
 * A manifest names the objects of a partition that follow one another in one date folder, with their hashes and the hash of
 * the manifest before it. Who has the newest can tell of every older object whether it is there, and is what was put. It is
 * a function of the chain of objects alone, so whoever writes it writes the same.
 */
const offset = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const manifestSchema = z.strictObject({
  version: z.literal(1),
  topic: z.string(),
  partition: z.int().nonnegative(),
  /** Of the folder, `YYYY-MM-DD`. */
  date: z.iso.date(),
  /** Offsets, inclusive. */
  first: offset,
  last: offset,
  count: offset,
  objects: z
    .array(
      z.strictObject({
        name: z.string(),
        first: offset,
        last: offset,
        count: offset,
        sizeBytes: offset,
        sha256,
      }),
    )
    .min(1),
  /** The manifest that ends where this one begins, and the hash of its bytes; null in a partition's first. */
  previous: z.strictObject({ name: z.string(), sha256 }).nullable(),
});

export type Manifest = z.output<typeof manifestSchema>;
export type ManifestObject = Manifest['objects'][number];

/** A manifest as it lies in the archive. */
export interface StoredManifest {
  readonly name: string;
  /** Of its bytes, in hex. */
  readonly sha256: string;
  readonly manifest: Manifest;
}

function manifestPrefix({ source, topic, partition }: ArchivedPartition): string {
  return `manifests/source=${source}/${topic}+${partition}+`;
}

/** `manifests/source=<source>/<topic>+<partition>+<first offset, 20 digits>.json` */
export function manifestName(of: ArchivedPartition, first: number): string {
  return `${manifestPrefix(of)}${String(first).padStart(20, '0')}.json`;
}

export const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Readable: a line an object. */
export function encodeManifest({ objects, ...rest }: Manifest): Buffer {
  const lines = objects.map((object) => `    ${JSON.stringify(object)}`);
  const head = JSON.stringify(rest, null, 2).replace(/\n}$/, '');
  return Buffer.from(`${head},\n  "objects": [\n${lines.join(',\n')}\n  ]\n}\n`);
}

function parseManifest(bytes: Buffer): Manifest | null {
  try {
    return manifestSchema.safeParse(JSON.parse(bytes.toString())).data ?? null;
  } catch {
    return null;
  }
}

/** Throws ARCHIVE_BROKEN when it is gone, or is no manifest of the partition and offset that its name says. */
export async function readManifest(
  archive: ArchiveStore,
  of: ArchivedPartition,
  name: string,
): Promise<StoredManifest> {
  const bytes = (await archive.get(name))?.bytes ?? null;
  const manifest = bytes === null ? null : parseManifest(bytes);
  const isOf =
    manifest?.topic === of.topic &&
    manifest.partition === of.partition &&
    manifestName(of, manifest.first) === name;
  if (isOf) return { name, sha256: hashOf(bytes!), manifest };
  throw new LecternError(
    'ARCHIVE_BROKEN',
    `the manifest ${name} ${bytes === null ? 'is gone' : 'is not what was put there'}: restore it`,
  );
}

/** The names of a partition's manifests, in the order of their offsets. */
export async function manifestNames(
  archive: ArchiveStore,
  of: ArchivedPartition,
): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const page of archive.list({ prefix: manifestPrefix(of) }))
    names.push(...page.map(({ name }) => name));
  return names;
}
