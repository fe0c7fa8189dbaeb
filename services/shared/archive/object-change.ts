import { z } from 'zod';
import type { ArchivedPartition } from './object-name.ts';
import type { ArchiveStore } from './port.ts';

/**
 * The receipt of one change of one object, which is made only to erase: what the object was, what it is, and how many
 * records of whom are tombstones now. It is written before the object is replaced, once, and never changed: so an object
 * that is neither what was put, nor what a receipt says that it became of that, was changed by something else. A receipt
 * of a change that was not made does no harm: nothing but the very bytes that it names is let through by it.
 */
const version = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.int().nonnegative(),
});
const changeSchema = z.strictObject({
  version: z.literal(1),
  /** Of the object. */
  name: z.string(),
  first: z.int().nonnegative(),
  /** How many records it has, before and after. */
  count: z.int().positive(),
  from: version,
  to: version,
  /** The number of the last erasure that was known. */
  erasures: z.int().positive(),
  /** How many records of each learner were erased by this change, by hash. */
  erased: z.record(z.string().regex(/^[0-9a-f]{64}$/), z.int().positive()),
  /** When, ISO 8601 in UTC. */
  at: z.iso.datetime(),
});

export type ObjectChange = z.output<typeof changeSchema>;

/** What the name of a change says. */
export interface NamedChange {
  readonly name: string;
  /** Of the object. */
  readonly first: number;
  readonly erasures: number;
  /** How the hashes begin, before and after. */
  readonly from: string;
  readonly to: string;
}

const SHORT = 16;
export const shortHash = (sha256: string): string => sha256.slice(0, SHORT);

const changePrefix = ({ source, topic, partition }: ArchivedPartition): string =>
  `erasures/source=${source}/${topic}+${partition}+`;

/** `<first offset, 20 digits>+<erasures, 9 digits>+<hash before>-<hash after>.json` */
const END = /^(\d{20})\+(\d{9})\+([0-9a-f]{16})-([0-9a-f]{16})\.json$/;

export function changeName(of: ArchivedPartition, { first, erasures, from, to }: ObjectChange): string {
  const numbers = `${String(first).padStart(20, '0')}+${String(erasures).padStart(9, '0')}`;
  return `${changePrefix(of)}${numbers}+${shortHash(from.sha256)}-${shortHash(to.sha256)}.json`;
}

export function encodeChange(change: ObjectChange): Buffer {
  return Buffer.from(`${JSON.stringify(change, null, 2)}\n`);
}

/** The changes of a partition's objects, in the order of their offsets. Names that nobody gave are passed over. */
export async function* namedChanges(
  archive: Pick<ArchiveStore, 'list'>,
  of: ArchivedPartition,
): AsyncGenerator<NamedChange> {
  const prefix = changePrefix(of);
  for await (const page of archive.list({ prefix }))
    for (const { name } of page) {
      const [, first, erasures, from, to] = END.exec(name.slice(prefix.length)) ?? [];
      if (to !== undefined) yield { name, first: Number(first), erasures: Number(erasures), from: from!, to };
    }
}

/** Null when it is gone, or is no change. */
export async function readChange(
  archive: Pick<ArchiveStore, 'get'>,
  name: string,
): Promise<ObjectChange | null> {
  const found = await archive.get(name);
  try {
    return found === null ? null : (changeSchema.safeParse(JSON.parse(found.bytes.toString())).data ?? null);
  } catch {
    return null;
  }
}
