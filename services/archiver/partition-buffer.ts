import type { MissingOffsets } from '../shared/history/gap.ts';
import type { LogRecord } from '../shared/log/port.ts';

interface Entry {
  readonly record: LogRecord;
  readonly sizeBytes: number;
  readonly bufferedAt: number;
}

/** The records of one partition that wait for their object: consecutive offsets, the oldest first. */
export interface PartitionBuffer {
  /** The offset that must come next. */
  readonly next: number;
  readonly sizeBytes: number;
  /** Of the oldest record: when it was buffered, and when the log appended it. */
  readonly oldest: { readonly bufferedAt: number; readonly timestamp: number } | null;
  /**
   * Takes what is at `next` and after; what is below was had before. At a gap it stops and tells. `bufferedAt` comes back in
   * `oldest`.
   */
  append(records: readonly LogRecord[], bufferedAt: number): MissingOffsets | null;
  /** The oldest records up to a size in bytes, or one if that is larger. */
  head(maxBytes: number): readonly LogRecord[];
  dropThrough(offset: number): void;
  /** Empties it, to begin at another offset. */
  restart(next: number): void;
}

/** What an object in memory costs besides its bytes, roughly. */
const RECORD_OVERHEAD_BYTES = 256;

function toEntry(record: LogRecord, bufferedAt: number): Entry {
  let sizeBytes = RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of Object.entries(record.headers)) sizeBytes += name.length + value.length;
  // Copies: a record is a slice of the fetch it came in, and would keep all of it in memory for minutes.
  const key = record.key && Buffer.from(record.key);
  const value = record.value && Buffer.from(record.value);
  return { record: { ...record, key, value }, sizeBytes, bufferedAt };
}

export function createPartitionBuffer(): PartitionBuffer {
  let entries: Entry[] = [];
  let next = 0;
  let sizeBytes = 0;

  return {
    get next() {
      return next;
    },
    get sizeBytes() {
      return sizeBytes;
    },
    get oldest() {
      const [entry] = entries;
      return entry === undefined ? null : { bufferedAt: entry.bufferedAt, timestamp: entry.record.timestamp };
    },
    append(records, bufferedAt) {
      for (const record of records) {
        if (record.offset < next) continue;
        if (record.offset > next) return { from: next, to: record.offset };
        const entry = toEntry(record, bufferedAt);
        entries.push(entry);
        sizeBytes += entry.sizeBytes;
        next = record.offset + 1;
      }
      return null;
    },
    head(maxBytes) {
      let size = 0;
      const end = entries.findIndex((entry) => {
        size += entry.sizeBytes;
        return size > maxBytes;
      });
      const count = end === -1 ? entries.length : Math.max(1, end);
      return entries.slice(0, count).map(({ record }) => record);
    },
    dropThrough(offset) {
      const end = entries.findIndex(({ record }) => record.offset > offset);
      const dropped = entries.splice(0, end === -1 ? entries.length : end);
      for (const entry of dropped) sizeBytes -= entry.sizeBytes;
    },
    restart(offset) {
      entries = [];
      sizeBytes = 0;
      next = offset;
    },
  };
}
