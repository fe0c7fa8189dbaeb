import { createObjectEncoder } from '../../services/archiver/object.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import type { Erasure } from '../../services/shared/control/erasure-record.ts';
import { encodeControlRecord } from '../../services/shared/control/record.ts';
import type { MadeArchive } from './made-archive.ts';

/** Puts what was decided into an archive, as an archiver does. */
export async function putDecided({ archive }: MadeArchive, decided: readonly Erasure[]): Promise<void> {
  const of = { source: '_control', topic: 'lectern.control', partition: 0 };
  const records = decided.map((record, offset) => ({
    offset,
    timestamp: Date.UTC(2026, 8, 9) + offset,
    key: Buffer.from('control'),
    value: encodeControlRecord(record),
    headers: {},
  }));
  const object = await createObjectEncoder().encode(of, records);
  await archive.putIfAbsent(object.name, object.bytes, toMetadata(object.range));
}
