import { LecternError } from '../errors.ts';

/** The offsets that an object holds, without gaps, and the hash of its bytes: what its metadata says. */
export interface ObjectRange {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
  readonly count: number;
  /** Of the object's bytes, in hex. */
  readonly sha256: string;
}

export function toMetadata({ first, last, count, sha256 }: ObjectRange): Readonly<Record<string, string>> {
  return { first: String(first), last: String(last), count: String(count), sha256 };
}

/** Throws ARCHIVE_BROKEN when it is not what `toMetadata` made, or the object is gone (null). */
export function parseMetadata(name: string, metadata: Readonly<Record<string, string>> | null): ObjectRange {
  const [first, last, count] = ['first', 'last', 'count'].map((key) =>
    /^\d{1,16}$/.test(metadata?.[key] ?? '') ? Number(metadata?.[key]) : Number.NaN,
  ) as [number, number, number];
  const sha256 = metadata?.sha256 ?? '';
  if (!(count > 0 && count === last - first + 1 && /^[0-9a-f]{64}$/.test(sha256)))
    throw new LecternError(
      'ARCHIVE_BROKEN',
      `the archive object ${name} ${metadata === null ? 'is gone' : 'does not say which offsets it holds'}: ` +
        'restore it with its metadata (first, last, count, sha256)',
    );
  return { first, last, count, sha256 };
}
