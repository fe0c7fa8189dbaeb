import { createRequire } from 'node:module';
import type Encoder from 'kafkajs/src/protocol/encoder.js';
import { type BatchToWrite, type RecordToWrite, writeRecordBatch } from './kafka-record-writer.ts';

/**
 * Has kafkajs 2.2.4 write record batches with a writer of our own, because writing them is most of what a producer costs.
 *
 * kafkajs has no option for it. Its writers of records and of batches are replaced where the module system keeps them: a
 * record is left as it is described, and is written with its batch. That must happen before kafkajs loads what calls them:
 * at the first send.
 */

const require = createRequire(import.meta.url);
const BufferEncoder = require('kafkajs/src/protocol/encoder.js') as typeof Encoder;

const record = 'kafkajs/src/protocol/recordBatch/record/v0/index.js';
require(record);
require.cache[require.resolve(record)]!.exports = (described: RecordToWrite) => described;

const batches = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch: (batch: BatchToWrite) => Promise<Encoder>;
};
batches.RecordBatch = async function writeOurselves(batch) {
  return new BufferEncoder().writeBuffer(await writeRecordBatch(batch));
};
