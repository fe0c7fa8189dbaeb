import compression from 'kafkajs/src/protocol/message/compression/index.js';
import type { LogRecord } from './port.ts';

/**
 * Kafka's record batches, magic 2: https://kafka.apache.org/documentation/#recordbatch
 *
 * kafkajs 2.2.4 reads a record by way of two dozen objects, among them four big integers, and that is most of what it
 * costs to consume. Here a record is one object and the bytes of its value, and is what the log hands on.
 */

const FIRST_OFFSET_AT = 0;
const ATTRIBUTES_AT = 21;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;
const RECORDS_AT = 61;
/** Of a batch without records. */
export const SHORTEST_BATCH = RECORDS_AT;

const APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** What kafkajs looks at to leave out what a transaction took back. */
interface BatchContext {
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
}

type Headers = LogRecord['headers'];
const NO_HEADERS: Headers = {};
const NOTHING = Buffer.alloc(0);

/** Reads the numbers of a batch's records: `at` is where the next one stands. */
class Cursor {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** A zigzag number of any length, exact up to 53 bits; NaN beyond the end. */
  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++]!;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let unit = 0x80; byte >= 0x80; unit *= 0x80) {
      byte = bytes[this.at++]!;
      value += (byte & 0x7f) * unit;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Bytes that follow their length; null for a negative one. */
  field(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** A header may be repeated, of which the last counts, or have no value. */
function readHeaders(cursor: Cursor, count: number): Headers {
  const headers: [string, Buffer][] = [];
  for (let left = count; left > 0; left--)
    headers.push([cursor.field()!.toString(), cursor.field() ?? NOTHING]);
  return Object.fromEntries(headers);
}

/** One record, as the log hands it on, with what kafkajs asks of its messages. */
export class FetchedRecord implements LogRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  // Not the record's: a copy of it has none of this.
  readonly #context: BatchContext;

  /** The cursor stands behind the length of the record. */
  constructor(cursor: Cursor, firstOffset: number, timestamp: number, batch: Batch) {
    cursor.at += 1; // attributes, of which there are none
    const timestampDelta = cursor.varint();
    this.offset = firstOffset + cursor.varint();
    this.timestamp = batch.isAppendTime ? timestamp : timestamp + timestampDelta;
    this.key = cursor.field();
    this.value = cursor.field();
    const headers = cursor.varint();
    this.headers = headers === 0 ? NO_HEADERS : readHeaders(cursor, headers);
    this.#context = batch.context;
  }

  get batchContext(): BatchContext {
    return this.#context;
  }

  get isControlRecord(): boolean {
    return this.#context.isControlBatch;
  }
}

interface Batch {
  readonly isAppendTime: boolean;
  readonly context: BatchContext;
}

/** Where its `length`, which follows the first offset, says that a batch ends. */
export function batchEnd(bytes: Buffer, at: number): number {
  return at + 12 + bytes.readInt32BE(at + 8);
}

/** Reads one whole batch. Rejects when its records do not end where they say, or are packed as kafkajs does not know. */
export async function parseRecordBatch(bytes: Buffer): Promise<{ readonly records: FetchedRecord[] }> {
  const attributes = bytes.readInt16BE(ATTRIBUTES_AT);
  const isAppendTime = (attributes & APPEND_TIME) !== 0;
  const batch: Batch = {
    isAppendTime,
    context: {
      producerId: String(bytes.readBigInt64BE(PRODUCER_ID_AT)),
      inTransaction: (attributes & TRANSACTIONAL) !== 0,
      isControlBatch: (attributes & CONTROL) !== 0,
    },
  };
  const firstOffset = Number(bytes.readBigInt64BE(FIRST_OFFSET_AT));
  const timestamp = Number(bytes.readBigInt64BE(isAppendTime ? MAX_TIMESTAMP_AT : FIRST_TIMESTAMP_AT));
  const count = bytes.readInt32BE(COUNT_AT);
  const codec = compression.lookupCodecByAttributes(attributes);
  const cursor =
    codec === null
      ? new Cursor(bytes, RECORDS_AT)
      : new Cursor(await codec.decompress(bytes.subarray(RECORDS_AT)), 0);
  const records: FetchedRecord[] = [];
  for (let left = count; left > 0; left--) {
    const end = cursor.varint() + cursor.at;
    records.push(new FetchedRecord(cursor, firstOffset, timestamp, batch));
    if (cursor.at !== end || end > cursor.bytes.length)
      throw new Error(
        `the record batch at offset ${firstOffset} does not parse: ${left} of ${count} records are left`,
      );
  }
  return { records };
}
