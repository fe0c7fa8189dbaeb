import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { LecternError, messageOf } from '../errors.ts';
import type { LogRecord } from '../log/port.ts';
import { createRecordReader } from './archived-record.ts';
import type { ObjectEntry } from './chain.ts';
import { type ObjectRange, parseMetadata } from './object-range.ts';
import { createObjectRoom, type Waiter } from './object-room.ts';
import { MAX_OBJECT_BYTES } from './object-rules.ts';
import type { ArchiveStore } from './port.ts';

/** An object in memory, whose bytes are those that were put. Whoever opens it reads its pages or closes it. */
export interface OpenedObject {
  readonly range: ObjectRange;
  /**
   * Its records from an offset on, once; when they end, or nobody wants more of them, it is closed. Throws ARCHIVE_BROKEN
   * where they are not those that its metadata names.
   */
  pages(offset: number): AsyncIterable<readonly LogRecord[]>;
  close(): void;
}

export interface ObjectOpener {
  /**
   * Opens an object when there is room for it. Throws ARCHIVE_BROKEN when it is gone, changed, or not what its name says.
   */
  open(entry: ObjectEntry, waiter?: Waiter): Promise<OpenedObject>;
}

const HASHED_A_TURN = 4 * 1_048_576;

function brokenObject(name: string, fault: string, cause?: unknown): LecternError {
  return new LecternError(
    'ARCHIVE_BROKEN',
    `the archive object ${name} ${fault}: restore the one that was put there, with its metadata`,
    { cause },
  );
}

async function sha256Of(bytes: Buffer): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += HASHED_A_TURN) {
    if (at > 0) await turn();
    hash.update(bytes.subarray(at, at + HASHED_A_TURN));
  }
  return hash.digest('hex');
}

/** Lets pages through whose offsets follow one another, from an object's first to its last. */
async function* checked(
  pages: AsyncIterable<readonly LogRecord[]>,
  name: string,
  { first, last }: ObjectRange,
): AsyncGenerator<readonly LogRecord[]> {
  let next = first;
  for await (const page of pages) {
    for (const { offset } of page) {
      if (offset !== next) throw brokenObject(name, `has offset ${offset} where ${next} should be`);
      next += 1;
    }
    yield page;
  }
  if (next !== last + 1) throw brokenObject(name, `ends at offset ${next - 1}, not at ${last} as it says`);
}

async function* from(
  offset: number,
  pages: AsyncIterable<readonly LogRecord[]>,
): AsyncGenerator<readonly LogRecord[]> {
  for await (const page of pages) {
    const wanted = page[0]!.offset >= offset ? page : page.filter((record) => record.offset >= offset);
    if (wanted.length > 0) yield wanted;
  }
}

/** Opens objects whole, so one is in memory for as long as it is being read. All that one opener opened share a room. */
export function createObjectOpener(archive: ArchiveStore, room = createObjectRoom()): ObjectOpener {
  const readRecords = createRecordReader();

  const load = async ({ name, first }: ObjectEntry, close: () => void): Promise<OpenedObject> => {
    const found = await archive.get(name);
    const range = parseMetadata(name, found?.metadata ?? null);
    const { bytes } = found!;
    if (range.first !== first) throw brokenObject(name, `begins at offset ${range.first}, says its metadata`);
    if ((await sha256Of(bytes)) !== range.sha256)
      throw brokenObject(name, 'was changed: its bytes do not have the hash that they were put with');
    return {
      range,
      async *pages(offset) {
        try {
          yield* from(offset, checked(readRecords(bytes), name, range));
        } catch (error) {
          if (error instanceof LecternError) throw error;
          throw brokenObject(name, `cannot be decoded: ${messageOf(error)}`, error);
        } finally {
          close();
        }
      },
      close,
    };
  };

  return {
    async open(entry, waiter) {
      const { name, sizeBytes } = entry;
      if (sizeBytes > MAX_OBJECT_BYTES)
        throw brokenObject(name, `has ${sizeBytes} bytes, more than an object ever has`);
      const giveBack = await room.take(sizeBytes, waiter);
      try {
        return await load(entry, giveBack);
      } catch (error) {
        giveBack();
        throw error;
      }
    },
  };
}
