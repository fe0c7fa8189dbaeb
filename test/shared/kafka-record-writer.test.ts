import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type BatchToWrite,
  type RecordToWrite,
  writeRecordBatch,
} from '../../services/shared/log/kafka-record-writer.ts';

const require = createRequire(import.meta.url);
// As kafkajs has them: nothing here loads what replaces them.
const theirRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (
  record: RecordToWrite,
) => unknown;
const { RecordBatch: theirBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch: (batch: object) => Promise<{ readonly buffer: Buffer }>;
};

const buffers = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const bytes = fc.oneof(buffers, fc.string({ unit: 'binary', maxLength: 100 }), fc.constant(null));
const records = fc.array(
  fc.record(
    {
      timestampDelta: fc.nat(2 ** 31 - 1),
      key: bytes,
      value: bytes,
      headers: fc.dictionary(
        fc.string({ unit: 'binary', maxLength: 20 }).filter((name) => name !== '__proto__'),
        fc.oneof(buffers, fc.array(buffers, { maxLength: 3 })),
        { maxKeys: 4 },
      ),
    },
    { requiredKeys: ['key', 'value'] },
  ),
  { minLength: 1, maxLength: 40 },
);
const batches = fc.record({
  records: records.map((list) => list.map((one, offsetDelta) => ({ ...one, offsetDelta }))),
  compression: fc.constantFrom(0, 1),
  transactional: fc.boolean(),
  firstTimestamp: fc.nat(2 ** 45),
  maxTimestamp: fc.nat(2 ** 45),
  lastOffsetDelta: fc.nat(2 ** 30),
  producerId: fc.bigInt({ min: -1n, max: 2n ** 62n }).map(String),
  producerEpoch: fc.nat(2 ** 15 - 1),
  firstSequence: fc.nat(2 ** 31 - 1),
});

test('a batch is written to the byte as kafkajs writes it', async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (batch: BatchToWrite) => {
      const theirs = await theirBatch({ ...batch, records: batch.records.map(theirRecord) });
      expect((await writeRecordBatch(batch)).equals(theirs.buffer)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

/** Has kafkajs encode a request that appends, with its own writer and, in a process of its own, with ours. */
const PROGRAM = `
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
if (process.argv[1] === 'ours') await import('./dist/services/shared/log/kafka-encoder.js');
require('kafkajs');
Date.now = () => 1_700_000_000_000;
const request = require('kafkajs/src/protocol/requests/produce/v3/request.js');
const messages = ['a', 'bb', ''].map((value) => ({ key: 'k' + value, value: Buffer.from(value), headers: { h: Buffer.from(value) } }));
const encoded = async (compression) => (await request({ acks: -1, timeout: 1_000, compression, producerId: 7, producerEpoch: 2,
  topicData: [{ topic: 't', partitions: [{ partition: 3, firstSequence: 5, messages }] }] }).encode()).buffer.toString('hex');
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js');
console.log(JSON.stringify({ plain: await encoded(0), gzip: await encoded(1), isOurs: RecordBatch.name === 'writeOurselves' }));
`;

async function encodedBy(which: 'ours' | 'theirs') {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', PROGRAM, which],
    { cwd: fileURLToPath(new URL('../../', import.meta.url)) },
  );
  return JSON.parse(stdout) as { plain: string; gzip: string; isOurs: boolean };
}

test('kafkajs sends with our writer the bytes that it sends with its own', async () => {
  const [ours, theirs] = [await encodedBy('ours'), await encodedBy('theirs')];
  expect([ours.isOurs, theirs.isOurs]).toEqual([true, false]);
  expect(ours.plain.length).toBeGreaterThan(200);
  expect(ours.plain).toBe(theirs.plain);
  expect(ours.gzip).toBe(theirs.gzip);
});
