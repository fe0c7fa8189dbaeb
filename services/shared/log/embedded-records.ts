import type { EmbeddedEnv } from '../embedded.ts';
import type { LogRecord, OutgoingRecord } from './port.ts';

/**
 * Records as they are stored, and their order.
 *
 * Key, 16 bytes: topic id (4), partition (4), offset (8), all big-endian, so that the table's order is the log's.
 * Value: timestamp in milliseconds (8, float64), length of the key (4), the key in UTF-8, number of headers (2), each
 * as length of its name (2), name, length of its value (4), value; the rest is the record's value.
 */
export interface Place {
  readonly topicId: number;
  readonly partition: number;
}

/** Where a partition ends, and the newest timestamp given in it. */
interface Head {
  readonly end: number;
  readonly timestamp: number;
}

export interface Records {
  /** Writes records behind the newest of a partition; returns the first one's offset. Only inside a transaction. */
  append(place: Place, added: readonly OutgoingRecord[]): number;
  /**
   * Has a partition without records go on at an offset, at a time in milliseconds or after it, as if those before it had
   * been removed. Only inside a transaction.
   */
  begin(place: Place, offset: number, timestamp: number): void;
  /** Removes the oldest records below an offset, so many at most; returns how many. Only inside a transaction. */
  trim(place: Place, below: number, most: number): number;
  /** When the log appended a record, in milliseconds since 1970; null when it is not there. */
  timestampOf(place: Place, offset: number): number | null;
  start(place: Place): number;
  end(place: Place): number;
  /** The next records from an offset on, below `to`: at most 512 or about 1 MiB, and at least one if there is one. */
  page(place: Place, from: number, to: number): readonly LogRecord[];
}

const PAGE_RECORDS = 512;
const PAGE_BYTES = 1024 * 1024;

function headKey({ topicId, partition }: Place): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeUInt32BE(topicId, 0);
  key.writeUInt32BE(partition, 4);
  return key;
}

function recordKey(place: Place, offset: number): Buffer {
  const key = Buffer.alloc(16);
  headKey(place).copy(key);
  key.writeUIntBE(offset, 10, 6);
  return key;
}

function uint(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

function encode(timestamp: number, record: OutgoingRecord): Buffer {
  const head = Buffer.allocUnsafe(12);
  const key = Buffer.from(record.key);
  head.writeDoubleBE(timestamp, 0);
  head.writeUInt32BE(key.length, 8);
  const headers = Object.entries(record.headers ?? {});
  const parts = headers.flatMap(([name, value]) => {
    const nameBytes = Buffer.from(name);
    return [uint(nameBytes.length, 2), nameBytes, uint(value.length, 4), value];
  });
  return Buffer.concat([head, key, uint(headers.length, 2), ...parts, record.value]);
}

function decode(offset: number, bytes: Buffer): LogRecord {
  let at = 8;
  const take = (length: number): Buffer => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const takeUint = (size: 2 | 4): number => take(size).readUIntBE(0, size);
  const key = take(takeUint(4));
  const headers = Array.from({ length: takeUint(2) }, () => {
    const name = take(takeUint(2)).toString();
    return [name, take(takeUint(4))] as const;
  });
  const value = bytes.subarray(at);
  return { offset, timestamp: bytes.readDoubleBE(0), key, value, headers: Object.fromEntries(headers) };
}

export function createRecords(env: EmbeddedEnv): Records {
  const records = env.table('records', 'binary');
  const heads = env.table<Head>('heads', 'msgpack');
  const end = (place: Place): number => heads.get(headKey(place))?.end ?? 0;

  return {
    append(place, added) {
      const head = heads.get(headKey(place)) ?? { end: 0, timestamp: 0 };
      // The clock may be set back; a partition's time is not.
      const timestamp = Math.max(Date.now(), head.timestamp);
      for (const [index, record] of added.entries())
        void records.put(recordKey(place, head.end + index), encode(timestamp, record));
      void heads.put(headKey(place), { end: head.end + added.length, timestamp });
      return head.end;
    },
    begin(place, offset, timestamp) {
      void heads.put(headKey(place), { end: offset, timestamp });
    },
    trim(place, below, most) {
      // What was never there, or is gone already, is nothing to remove; and nothing beyond the end is.
      const range = {
        start: recordKey(place, 0),
        end: recordKey(place, Math.max(0, Math.min(below, end(place)))),
        limit: most,
      };
      const keys = [...records.getKeys(range)];
      for (const key of keys) void records.remove(key);
      return keys.length;
    },
    timestampOf: (place, offset) => records.get(recordKey(place, offset))?.readDoubleBE(0) ?? null,
    start(place) {
      const range = { start: recordKey(place, 0), end: recordKey(place, end(place)), limit: 1 };
      for (const key of records.getKeys(range)) return key.readUIntBE(10, 6);
      return end(place);
    },
    end,
    page(place, from, to) {
      const page: LogRecord[] = [];
      let sizeBytes = 0;
      const range = { start: recordKey(place, from), end: recordKey(place, to), limit: PAGE_RECORDS };
      for (const { key, value } of records.getRange(range)) {
        if (page.length > 0 && sizeBytes + value.length > PAGE_BYTES) break;
        page.push(decode(key.readUIntBE(10, 6), value));
        sizeBytes += value.length;
      }
      return page;
    },
  };
}
