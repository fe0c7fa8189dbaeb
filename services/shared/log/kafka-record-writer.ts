import codecs from 'kafkajs/src/protocol/message/compression/index.js';
import crc32C from 'kafkajs/src/protocol/recordBatch/crc32C/index.js';

/**
 * Writes Kafka's record batches, magic 2: https://kafka.apache.org/documentation/#recordbatch
 *
 * kafkajs 2.2.4 writes a record by way of a growing buffer of its own for each, and copies that again into the batch's;
 * it is most of what it costs to append. Here the records of a batch are measured and then written into one buffer.
 */

const LENGTH_AT = 8;
const EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const FIRST_SEQUENCE_AT = 53;
const COUNT_AT = 57;
const RECORDS_AT = 61;

const MAGIC = 2;
const CODEC = 0x07;
const TRANSACTIONAL = 0x10;

type Bytes = Buffer | string | null | undefined;

/** A record as kafkajs describes it: what is given to its producer, and its place in the batch. */
export interface RecordToWrite {
  readonly offsetDelta?: number;
  readonly timestampDelta?: number;
  readonly key?: Bytes;
  readonly value?: Bytes;
  /** Of a list, each is a header of that name. */
  readonly headers?: Readonly<Record<string, Bytes | readonly Bytes[]>>;
}

type Header = readonly [name: string, value: Bytes];

interface Measured {
  readonly record: RecordToWrite;
  readonly headers: readonly Header[];
  readonly bodyLength: number;
}

const NO_HEADERS: readonly Header[] = [];
const GROUP = 0x80;

/** A zigzag number, exact up to 52 bits. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

function varintLength(value: number): number {
  let length = 1;
  for (let rest = zigzag(value); rest >= GROUP; rest = Math.floor(rest / GROUP)) length += 1;
  return length;
}

const lengthOf = (bytes: Bytes): number => {
  if (bytes === null || bytes === undefined) return -1;
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
};

const fieldLength = (bytes: Bytes): number => {
  const length = lengthOf(bytes);
  return varintLength(length) + Math.max(0, length);
};

function headersOf({ headers }: RecordToWrite): readonly Header[] {
  if (headers === undefined) return NO_HEADERS;
  return Object.entries(headers).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((one: Bytes): Header => [name, one]) : [[name, value as Bytes] as const],
  );
}

function measure(record: RecordToWrite): Measured {
  const headers = headersOf(record);
  let bodyLength =
    1 +
    varintLength(record.timestampDelta ?? 0) +
    varintLength(record.offsetDelta ?? 0) +
    fieldLength(record.key) +
    fieldLength(record.value) +
    varintLength(headers.length);
  for (const [name, value] of headers) bodyLength += fieldLength(name) + fieldLength(value);
  return { record, headers, bodyLength };
}

/** Fills a buffer that is long enough: `at` is where the next byte goes. */
class Filling {
  readonly bytes: Buffer;
  at: number;

  constructor(length: number, at: number) {
    this.bytes = Buffer.allocUnsafe(length);
    this.at = at;
  }

  varint(value: number): void {
    let rest = zigzag(value);
    for (; rest >= GROUP; rest = Math.floor(rest / GROUP)) this.bytes[this.at++] = (rest % GROUP) | GROUP;
    this.bytes[this.at++] = rest;
  }

  field(bytes: Bytes): void {
    const length = lengthOf(bytes);
    this.varint(length);
    if (typeof bytes === 'string') this.bytes.write(bytes, this.at);
    else if (length > 0) this.bytes.set(bytes!, this.at);
    this.at += Math.max(0, length);
  }
}

/** The records of a batch, one after the other, with room for something before them. */
function writeRecords(records: readonly RecordToWrite[], room: number): Buffer {
  const measured = records.map(measure);
  const length = measured.reduce((sum, { bodyLength }) => sum + varintLength(bodyLength) + bodyLength, room);
  const filling = new Filling(length, room);
  for (const { record, headers, bodyLength } of measured) {
    filling.varint(bodyLength);
    // No attribute of a record has a meaning yet.
    filling.bytes[filling.at++] = 0;
    filling.varint(record.timestampDelta ?? 0);
    filling.varint(record.offsetDelta ?? 0);
    filling.field(record.key);
    filling.field(record.value);
    filling.varint(headers.length);
    for (const [name, value] of headers) {
      filling.field(name);
      filling.field(value);
    }
  }
  return filling.bytes;
}

/** As kafkajs describes a batch. What is not given is as for a producer without an id. */
export interface BatchToWrite {
  readonly records: readonly RecordToWrite[];
  readonly compression?: number;
  readonly transactional?: boolean;
  readonly firstTimestamp: Int64;
  readonly maxTimestamp: Int64;
  readonly lastOffsetDelta: number;
  readonly producerId?: Int64;
  readonly producerEpoch?: number;
  readonly firstSequence?: number;
}

/** Anything whose text is its digits. */
type Int64 = number | string | { toString(): string };

const int64 = (value: Int64): bigint => BigInt(String(value));

async function recordsOf({ records, compression = 0 }: BatchToWrite): Promise<Buffer> {
  const codec = codecs.lookupCodec(compression);
  if (codec === null) return writeRecords(records, RECORDS_AT);
  const compressed = await codec.compress({ buffer: writeRecords(records, 0) });
  return Buffer.concat([Buffer.alloc(RECORDS_AT), compressed]);
}

/** A whole batch, as it is sent and stored. */
export async function writeRecordBatch(batch: BatchToWrite): Promise<Buffer> {
  const bytes = await recordsOf(batch);
  const attributes = ((batch.compression ?? 0) & CODEC) | (batch.transactional === true ? TRANSACTIONAL : 0);
  // The broker gives the records their offsets; these count from the batch's first.
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - EPOCH_AT, LENGTH_AT);
  bytes.writeInt32BE(0, EPOCH_AT);
  bytes.writeInt8(MAGIC, MAGIC_AT);
  bytes.writeInt16BE(attributes, ATTRIBUTES_AT);
  bytes.writeInt32BE(batch.lastOffsetDelta, LAST_OFFSET_DELTA_AT);
  bytes.writeBigInt64BE(int64(batch.firstTimestamp), FIRST_TIMESTAMP_AT);
  bytes.writeBigInt64BE(int64(batch.maxTimestamp), MAX_TIMESTAMP_AT);
  bytes.writeBigInt64BE(int64(batch.producerId ?? -1), PRODUCER_ID_AT);
  bytes.writeInt16BE(batch.producerEpoch ?? 0, PRODUCER_EPOCH_AT);
  bytes.writeInt32BE(batch.firstSequence ?? 0, FIRST_SEQUENCE_AT);
  bytes.writeInt32BE(batch.records.length, COUNT_AT);
  bytes.writeUInt32BE(crc32C(bytes.subarray(ATTRIBUTES_AT)), CRC_AT);
  return bytes;
}
