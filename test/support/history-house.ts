import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createObjectEncoder } from '../../services/archiver/object.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { createHistory } from '../../services/shared/history/history.ts';
import type { History } from '../../services/shared/history/port.ts';
import type { EventLog, LogRecord, TopicPartition } from '../../services/shared/log/port.ts';
import { createFakeLog, type FakeLog } from './fake-log.ts';

/** A history of a fake log and a real directory. */

const namespace = 'test';
export const at: TopicPartition = { topic: 'test.events.essay', partition: 0 };
const DAY = Date.parse('2026-05-01');
const encoder = createObjectEncoder();

export interface HistoryHouse {
  readonly fake: FakeLog;
  readonly archive: ArchiveStore;
  readonly history: History;
  /** How many objects were read so far. */
  objectsRead(): number;
  /** Every record that the log ever held. */
  readonly all: readonly LogRecord[];
  /** Appends records to the log, stamped as of a date. */
  append(count: number, date?: string): void;
  /** Archives records that the log was given, as one object, and returns its name. */
  put(first: number, last: number): Promise<string>;
  remove(): void;
}

/** Records unlike one another, some without a key or a value, some with headers. */
function record(offset: number, timestamp: number): LogRecord {
  return {
    offset,
    timestamp,
    key: offset % 5 === 0 ? null : Buffer.from(`key-${offset % 3}`),
    value: offset % 7 === 3 ? null : Buffer.from(`value ${offset} é\0`),
    headers: offset % 4 === 0 ? { origin: Buffer.from([0, 255, offset % 256]), empty: Buffer.alloc(0) } : {},
  };
}

/** Puts consecutive records of a partition as one object. */
export async function putObject(
  archive: ArchiveStore,
  { topic, partition }: TopicPartition,
  records: readonly LogRecord[],
  source = 'essay',
): Promise<string> {
  const object = await encoder.encode({ source, topic, partition }, records);
  await archive.putIfAbsent(object.name, object.bytes, toMetadata(object.range));
  return object.name;
}

export interface HistoryFaults {
  readonly archive?: (archive: ArchiveStore) => Partial<ArchiveStore>;
  readonly log?: (log: EventLog) => Partial<EventLog>;
}

export function openHistoryHouse(faults: HistoryFaults = {}): HistoryHouse {
  const root = mkdtempSync(join(tmpdir(), 'history-'));
  const fake = createFakeLog({ [at.topic]: 1 });
  const archive = createDirectoryArchive({ root });
  const all: LogRecord[] = [];
  let objectsRead = 0;
  const counted: ArchiveStore = {
    ...archive,
    async get(name) {
      objectsRead += 1;
      return await archive.get(name);
    },
  };
  return {
    fake,
    archive,
    history: createHistory({
      log: { ...fake.log, ...faults.log?.(fake.log) },
      archive: { ...counted, ...faults.archive?.(counted) },
      namespace,
    }),
    objectsRead: () => objectsRead,
    all,
    append(count, date) {
      const since = date === undefined ? DAY : Date.parse(date);
      const added = Array.from({ length: count }, (_, n) => record(all.length + n, since + all.length + n));
      all.push(...added);
      fake.append(at, added);
    },
    put: (first, last) => putObject(archive, at, all.slice(first, last + 1)),
    remove: () => rmSync(root, { recursive: true }),
  };
}

/** A log of some records, of which some objects hold the beginning, and which has lost those below an offset. */
export async function openTrimmedHistory(
  count: number,
  objects: readonly (readonly [number, number])[],
  logStart: number,
  faults: HistoryFaults = {},
): Promise<HistoryHouse> {
  const house = openHistoryHouse(faults);
  house.append(count);
  for (const [first, last] of objects) await house.put(first, last);
  house.fake.trim(at, logStart);
  return house;
}
