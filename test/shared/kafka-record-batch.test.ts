import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { batchEnd, parseRecordBatch } from '../../services/shared/log/kafka-record-batch.ts';

const require = createRequire(import.meta.url);
const kafkajs = 'kafkajs/src/protocol';
const { RecordBatch } = require(`${kafkajs}/recordBatch/v0/index.js`);
const Record = require(`${kafkajs}/recordBatch/record/v0/index.js`);
const Decoder = require(`${kafkajs}/decoder.js`);
const parseByKafkajs = require(`${kafkajs}/recordBatch/v0/decoder.js`);

interface Made {
  readonly timestampDelta: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

interface MadeBatch {
  readonly records: readonly Made[];
  readonly firstOffset: number;
  readonly firstTimestamp: number;
  readonly isAppendTime: boolean;
  readonly isGzip: boolean;
  readonly isControl: boolean;
}

const TIMESTAMP_TYPE = 0x08;
const CONTROL = 0x20;
const GZIP = 1;

/** As a broker would give it: it fills in the offset, and the time when it appends. */
async function encode(batch: MadeBatch): Promise<Buffer> {
  const { records, firstTimestamp } = batch;
  const encoder = await RecordBatch({
    compression: batch.isGzip ? GZIP : 0,
    firstSequence: 0,
    firstTimestamp,
    maxTimestamp: firstTimestamp + 77,
    lastOffsetDelta: records.length - 1,
    producerId: 42,
    producerEpoch: 0,
    transactional: true,
    records: records.map((record, offsetDelta) => Record({ ...record, offsetDelta })),
  });
  const bytes = Buffer.from(encoder.buffer);
  bytes.writeBigInt64BE(BigInt(batch.firstOffset), 0);
  let attributes = bytes.readInt16BE(21);
  if (batch.isAppendTime) attributes |= TIMESTAMP_TYPE;
  if (batch.isControl) attributes |= CONTROL;
  bytes.writeInt16BE(attributes, 21);
  return bytes;
}

const made = fc.record<MadeBatch>({
  records: fc.array(
    fc.record<Made>({
      timestampDelta: fc.oneof(fc.nat(1_000), fc.integer(), fc.integer({ min: -(2 ** 40), max: 2 ** 40 })),
      key: fc.option(fc.string({ maxLength: 200 })),
      value: fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))),
      headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ maxLength: 100 }), {
        maxKeys: 3,
      }),
    }),
    { maxLength: 5 },
  ),
  firstOffset: fc.maxSafeNat().map((offset) => Math.min(offset, Number.MAX_SAFE_INTEGER - 10)),
  firstTimestamp: fc.nat(2 ** 31).map((seconds) => seconds * 1_000),
  isAppendTime: fc.boolean(),
  isGzip: fc.boolean(),
  isControl: fc.boolean(),
});

const hex = (bytes: Buffer | null): string | null => bytes?.toString('hex') ?? null;

test('a record batch is read as kafkajs reads it, whatever it holds', async () => {
  await fc.assert(
    fc.asyncProperty(made, async (batch) => {
      const bytes = await encode(batch);
      const decoder = new Decoder(bytes);
      const { records: expected } = await parseByKafkajs(decoder);
      expect(batchEnd(bytes, 0)).toBe(bytes.length);
      const { records } = await parseRecordBatch(bytes);
      const shown = records.map(({ offset, timestamp, key, value, headers }, index) => ({
        offset: String(offset),
        timestamp: String(timestamp),
        key: hex(key),
        value: hex(value),
        headers: Object.entries(headers).map(([name, text]) => [name, hex(text)]),
        isControlRecord: records[index]!.isControlRecord,
        producerId: records[index]!.batchContext.producerId,
        inTransaction: records[index]!.batchContext.inTransaction,
      }));
      const wanted = expected.map((message: (typeof expected)[number]) => ({
        offset: message.offset,
        timestamp: message.timestamp,
        key: hex(message.key),
        value: hex(message.value),
        headers: Object.entries(message.headers).map(([name, text]) => [name, hex(text as Buffer)]),
        isControlRecord: message.isControlRecord,
        producerId: message.batchContext.producerId,
        inTransaction: message.batchContext.inTransaction,
      }));
      expect(shown).toEqual(wanted);
    }),
    { numRuns: 400 },
  );
});

test('a copy of a record is a record, and nothing else', async () => {
  const record: Made = { timestampDelta: 0, key: 'k', value: Buffer.from('v'), headers: { h: 'x' } };
  const batch = { firstOffset: 7, firstTimestamp: 5, isAppendTime: false, isGzip: false, isControl: false };
  const { records } = await parseRecordBatch(await encode({ records: [record], ...batch }));
  expect({ ...records[0]! }).toEqual({
    offset: 7,
    timestamp: 5,
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    headers: { h: Buffer.from('x') },
  });
});

test('of a header that is repeated the last counts, and one without a value is empty', async () => {
  const headers = { twice: ['first', 'last'], empty: '' };
  const record = { timestampDelta: 0, key: 'k', value: Buffer.from('v'), headers } as unknown as Made;
  const { records } = await parseRecordBatch(
    await encode({
      records: [record],
      firstOffset: 7,
      firstTimestamp: 5,
      isAppendTime: false,
      isGzip: false,
      isControl: false,
    }),
  );
  expect(records.map((parsed) => String(parsed.headers.twice))).toEqual(['last']);
  expect(records[0]!.headers.empty).toEqual(Buffer.alloc(0));
});

test('a batch whose records do not end where they say is no batch', async () => {
  const record: Made = { timestampDelta: 0, key: 'key', value: Buffer.from('value'), headers: {} };
  const batch = { firstOffset: 7, firstTimestamp: 5, isAppendTime: false, isGzip: false, isControl: false };
  const bytes = await encode({ records: [record, record], ...batch });
  const longer = Buffer.from(bytes);
  longer[61]! += 2;
  await expect(parseRecordBatch(longer)).rejects.toThrow(
    'the record batch at offset 7 does not parse: 2 of 2',
  );
  await expect(parseRecordBatch(bytes.subarray(0, bytes.length - 3))).rejects.toThrow(
    '1 of 2 records are left',
  );
});
