import { createHash } from 'node:crypto';
import { LecternError } from '../errors.ts';
import type { LogRecord } from '../log/port.ts';

/** The offsets that an object holds, without gaps, and the hash of its bytes: what its metadata says. */
export interface ObjectRange {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
  readonly count: number;
  /** Of the object's bytes, in hex. */
  readonly sha256: string;
  /** `anchorOf` its last record. Null where objects were put without one. */
  readonly anchor: string | null;
  /** How many erasures were known when it was written; absent where none was. */
  readonly erasures?: number | undefined;
  /** The hash that it had before it was rewritten to erase; absent where it was not. */
  readonly was?: string | undefined;
}

/** By what one knows a record again without having it: a hash over when the log appended it, and its value. */
export function anchorOf({ timestamp, value }: Pick<LogRecord, 'timestamp' | 'value'>): string {
  const hash = createHash('sha256').update(`${timestamp} ${value === null ? 'null' : value.length} `);
  return hash.update(value ?? '').digest('hex');
}

export function toMetadata({
  first,
  last,
  count,
  sha256,
  anchor,
  erasures,
  was,
}: ObjectRange): Readonly<Record<string, string>> {
  const offsets = { first: String(first), last: String(last), count: String(count) };
  return {
    ...offsets,
    sha256,
    ...(anchor === null ? {} : { anchor }),
    ...(erasures === undefined ? {} : { erasures: String(erasures) }),
    ...(was === undefined ? {} : { was }),
  };
}

const HASH = /^[0-9a-f]{64}$/;

function erasingOf({
  erasures,
  was,
}: Readonly<Record<string, string>>): Pick<ObjectRange, 'erasures' | 'was'> {
  return {
    ...(erasures !== undefined && /^\d{1,9}$/.test(erasures) ? { erasures: Number(erasures) } : {}),
    ...(was !== undefined && HASH.test(was) ? { was } : {}),
  };
}

/** Throws ARCHIVE_BROKEN when it is not what `toMetadata` made, or the object is gone (null). */
export function parseMetadata(name: string, metadata: Readonly<Record<string, string>> | null): ObjectRange {
  const [first, last, count] = ['first', 'last', 'count'].map((key) =>
    /^\d{1,16}$/.test(metadata?.[key] ?? '') ? Number(metadata?.[key]) : Number.NaN,
  ) as [number, number, number];
  const sha256 = metadata?.sha256 ?? '';
  const anchor = metadata?.anchor ?? null;
  const isWhole = count > 0 && count === last - first + 1 && HASH.test(sha256);
  if (!isWhole || (anchor !== null && !HASH.test(anchor)))
    throw new LecternError(
      'ARCHIVE_BROKEN',
      `the archive object ${name} ${metadata === null ? 'is gone' : 'does not say which offsets it holds'}: ` +
        'restore it with its metadata (first, last, count, sha256, anchor)',
    );
  return { first, last, count, sha256, anchor, ...erasingOf(metadata!) };
}
