import { createRequire } from 'node:module';
import { batchEnd, parseRecordBatch, SHORTEST_BATCH } from './kafka-record-batch.ts';

/**
 * Has kafkajs 2.2.4 parse record batches with a parser of our own, because parsing is most of what a consumer costs.
 *
 * kafkajs has no option for it. Its parser of record batches is replaced where the module system keeps it, which must
 * happen before kafkajs loads what calls it: at the first fetch.
 */

/** As kafkajs has it while it reads an answer: `offset` is where it stands. */
interface Decoder {
  readonly buffer: Buffer;
  offset: number;
}
type ParseBatch = (decoder: Decoder) => Promise<unknown>;

/** The bytes of the batch that the decoder stands at; null when they are not all there. */
function bytesOf({ buffer, offset }: Decoder): Buffer | null {
  if (buffer.length < offset + SHORTEST_BATCH) return null;
  const end = batchEnd(buffer, offset);
  return end > buffer.length || end < offset + SHORTEST_BATCH ? null : buffer.subarray(offset, end);
}

/** What is cut short at the end of an answer is left to kafkajs, which knows how to say so. */
function parseWith(parseCutShort: ParseBatch): ParseBatch {
  return function parseOurselves(decoder) {
    const bytes = bytesOf(decoder);
    if (bytes === null) return parseCutShort(decoder);
    decoder.offset += bytes.length;
    return parseRecordBatch(bytes);
  };
}

const require = createRequire(import.meta.url);
const name = 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
const parse = require(name) as ParseBatch;
const loaded = require.cache[require.resolve(name)];
if (loaded !== undefined) loaded.exports = parseWith(parse);
