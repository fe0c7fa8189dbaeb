import { createHash } from 'node:crypto';
import { createRecordReader } from '../archive/archived-record.ts';
import { changeName, encodeChange, type ObjectChange } from '../archive/object-change.ts';
import type { ArchivedPartition } from '../archive/object-name.ts';
import { anchorOf, type ObjectRange, parseMetadata, toMetadata } from '../archive/object-range.ts';
import { createObjectWriter } from '../archive/object-writer.ts';
import type { ArchiveObject, ArchiveStore } from '../archive/port.ts';
import { LecternError, messageOf } from '../errors.ts';
import type { LogRecord } from '../log/port.ts';
import { createRecordEraser, isTombstone } from './erased-record.ts';
import type { Erasures } from './erasures.ts';
import { hashOfErasedName } from './learner-hash.ts';

export interface ObjectEraserDeps {
  readonly archive: Pick<ArchiveStore, 'putIfAbsent' | 'replace'>;
  readonly erasures: Erasures;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface ObjectEraser {
  /**
   * Rewrites an object so that it has tombstones instead of the records that are erased, and writes the receipt of that
   * before. Null when nothing in it is erased that is not a tombstone already, or it is gone. It may be ended at any
   * moment, and be done by any number at the same time: an object is what it was or what it is to be, and a receipt says
   * of what is there how it came to be. Throws ARCHIVE_BROKEN when the object is not what was put.
   */
  erase(of: ArchivedPartition, name: string): Promise<ObjectChange | null>;
}

/** Each of them means that somebody else changed the object, and hardly anybody does. */
const MAX_ATTEMPTS = 20;

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function brokenObject(name: string, fault: string, cause?: unknown): LecternError {
  return new LecternError(
    'ARCHIVE_BROKEN',
    `the archive object ${name} ${fault}: restore the one that was put there, with its metadata, and erase again`,
    { cause },
  );
}

interface Rewritten {
  readonly bytes: Buffer;
  readonly range: ObjectRange;
  readonly erased: Readonly<Record<string, number>>;
}

export function createObjectEraser({ archive, erasures, now }: ObjectEraserDeps): ObjectEraser {
  const readRecords = createRecordReader();
  const openWriter = createObjectWriter();
  const { erase } = createRecordEraser(erasures);

  /** Null when it has nothing that is to be erased. */
  const rewrite = async (
    of: ArchivedPartition,
    name: string,
    { bytes, metadata }: ArchiveObject,
  ): Promise<Rewritten | null> => {
    const { count: known } = erasures;
    const range = parseMetadata(name, metadata);
    if (sha256Of(bytes) !== range.sha256)
      throw brokenObject(name, 'was changed: its bytes do not have the hash that they were put with');
    const erased: Record<string, number> = {};
    const writer = openWriter(of, range);
    let last: LogRecord | null = null;
    const take = (record: LogRecord): void => {
      const left = erase(record);
      last = record;
      writer.write(left);
      if (left === record || !isTombstone(left)) return;
      const learner = hashOfErasedName(left.key!.toString());
      erased[learner] = (erased[learner] ?? 0) + 1;
    };
    try {
      for await (const page of readRecords(bytes)) for (const record of page) take(record);
    } catch (error) {
      throw brokenObject(name, `cannot be decoded: ${messageOf(error)}`, error);
    }
    if (Object.keys(erased).length === 0) return null;
    const after = await writer.finish();
    // By which the log is known again: it still has the record.
    const anchor = range.anchor ?? anchorOf(last!);
    const becomes = { ...range, anchor, sha256: sha256Of(after), erasures: known, was: range.sha256 };
    return { bytes: after, range: becomes, erased };
  };

  return {
    async erase(of, name) {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        let change: ObjectChange | null = null;
        const outcome = await archive.replace(name, async (object) => {
          const made = await rewrite(of, name, object);
          if (made === null) return null;
          const { bytes, range, erased } = made;
          change = {
            version: 1,
            name,
            first: range.first,
            count: range.count,
            from: { sha256: range.was!, sizeBytes: object.bytes.length },
            to: { sha256: range.sha256, sizeBytes: bytes.length },
            erasures: range.erasures!,
            erased,
            at: new Date(now()).toISOString(),
          };
          await archive.putIfAbsent(changeName(of, change), encodeChange(change), {});
          return { bytes, metadata: toMetadata(range) };
        });
        if (outcome === 'replaced') return change;
        if (outcome !== 'changed') return null;
      }
      throw new LecternError(
        'ARCHIVE_UNAVAILABLE',
        `the archive object ${name} is changed by others again and again: look what else writes to the archive`,
        { retriable: true },
      );
    },
  };
}
