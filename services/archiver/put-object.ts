import type { ArchivedPartition } from '../shared/archive/object-name.ts';
import { type ObjectRange, parseMetadata, toMetadata } from '../shared/archive/object-range.ts';
import { MAX_OBJECT_BYTES } from '../shared/archive/object-rules.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { LecternError } from '../shared/errors.ts';
import type { LogRecord } from '../shared/log/port.ts';
import type { EncodedObject, ObjectEncoder } from './object.ts';

/** As many of the records, from the first on, as an object holds: what hardly compresses is halved until it fits. */
export async function encodeFitting(
  encoder: ObjectEncoder,
  of: ArchivedPartition,
  records: readonly LogRecord[],
  signal: AbortSignal,
): Promise<EncodedObject> {
  for (let some = records; ; some = some.slice(0, Math.ceil(some.length / 2))) {
    const object = await encoder.encode(of, some);
    signal.throwIfAborted();
    if (object.bytes.length <= MAX_OBJECT_BYTES || some.length === 1) return object;
  }
}

/**
 * Puts an object: null, or the range of the one that has the name already. Rejects retriably while the store does not
 * answer, or says that there is one and shows none: to put it again can do no harm then. Throws ARCHIVE_BROKEN when that one
 * does not tell its range.
 */
export async function putOrFind(
  archive: ArchiveStore,
  { name, bytes, range }: EncodedObject,
): Promise<ObjectRange | null> {
  if ((await archive.putIfAbsent(name, bytes, toMetadata(range))) === 'created') return null;
  const metadata = await archive.metadata(name);
  if (metadata !== null) return parseMetadata(name, metadata);
  throw new LecternError(
    'ARCHIVE_UNAVAILABLE',
    `the archive refuses ${name} as one that is there, and has none of that name: it is put again; see the store's log`,
    { retriable: true },
  );
}
