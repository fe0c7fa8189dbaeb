import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createObjectEncoder, type EncodedObject } from '../../services/archiver/object.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { createEventCodec } from '../../services/shared/event.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { testRun } from './test-run.ts';

/** Archives made by the archiver's own encoder, object by object, in a folder. */

const DAY_MS = 86_400_000;
/** 2026-09-01, noon. */
const FIRST_DAY = Date.UTC(2026, 8, 1, 12);
const codec = createEventCodec();

export interface MadeArchive {
  readonly dir: string;
  readonly archive: ArchiveStore;
}

export function makeArchive(): MadeArchive {
  const dir = mkdtempSync(join(testRun.makeDir('archives'), 'archive-'));
  return { dir, archive: createDirectoryArchive({ root: dir }) };
}

/** An event of `source` by one of three students, `{n: offset}`. */
function eventRecord(source: string, offset: number, timestamp: number): LogRecord {
  const key = `tc-s${offset % 3}`;
  const value = codec.encode({
    id: `e${offset}`,
    source,
    type: 'x',
    key,
    session: null,
    sequence: null,
    receivedAt: timestamp * 1_000 + 7,
    client: `{"event":"x","source":"${source}","n":${offset},"big":12345678901234567890}`,
    server: '{}',
    metadata: '{"auth":{"user_id":"s"}}',
  });
  return { offset, timestamp, key: Buffer.from(key), value, headers: {} };
}

export interface MadeObjects {
  readonly source: string;
  readonly partition?: number;
  /** Records of each object; one object a day, from the first day on. */
  readonly sizes: readonly number[];
  /** The offset of the first. */
  readonly first?: number;
}

/** Puts objects that follow one another, and returns them. */
export async function putObjects(
  { archive }: MadeArchive,
  { source, partition = 0, sizes, first = 0 }: MadeObjects,
): Promise<EncodedObject[]> {
  const encoder = createObjectEncoder();
  const of = { source, topic: `lectern.events.${source}`, partition };
  const objects: EncodedObject[] = [];
  let next = first;
  for (const [day, size] of sizes.entries()) {
    const records = Array.from({ length: size }, (_, index) =>
      eventRecord(source, next + index, FIRST_DAY + day * DAY_MS),
    );
    const object = await encoder.encode(of, records);
    await archive.putIfAbsent(object.name, object.bytes, toMetadata(object.range));
    objects.push(object);
    next += size;
  }
  return objects;
}
