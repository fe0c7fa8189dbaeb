import { createRequire } from 'node:module';
import { createBatchCache } from './kafka-batch-cache.ts';
import { batchEnd, parseRecordBatch, SHORTEST_BATCH } from './kafka-record-batch.ts';

/**
 * Modules of one process read the same partitions, each in a group of its own, so kafkajs 2.2.4 fetches and parses the
 * same record batches for each of them; parsing is most of what a consumer costs. Here they are parsed once, and by a
 * parser of our own.
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

/** Besides what is parsed of it, which is several times as much. */
const MAX_BYTES = 8 * 1_048_576;

const cache = createBatchCache<unknown>(MAX_BYTES);
/** How many consumers read each topic. */
const readers = new Map<string, number>();
let isShared = false;

function count(topics: readonly string[], by: 1 | -1): void {
  for (const topic of topics) readers.set(topic, (readers.get(topic) ?? 0) + by);
  for (const [topic, number] of readers) if (number === 0) readers.delete(topic);
  isShared = [...readers.values()].some((number) => number > 1);
  if (!isShared) cache.clear();
}

/** Says that a consumer reads topics, until the returned function is called. Without two for one topic nothing is kept. */
export function readsTopics(topics: readonly string[]): () => void {
  count(topics, 1);
  let isOver = false;
  return () => {
    if (!isOver) count(topics, -1);
    isOver = true;
  };
}

/** How many consumers of the process read the topic that most of them read, of some. */
export function mostReaders(topics: readonly string[]): number {
  return Math.max(1, ...topics.map((topic) => readers.get(topic) ?? 0));
}

/** The bytes of the batch that the decoder stands at; null when they are not all there. */
function bytesOf({ buffer, offset }: Decoder): Buffer | null {
  if (buffer.length < offset + SHORTEST_BATCH) return null;
  const end = batchEnd(buffer, offset);
  return end > buffer.length || end < offset + SHORTEST_BATCH ? null : buffer.subarray(offset, end);
}

/** What is cut short at the end of an answer is left to kafkajs, which knows how to say so. */
function parseOnce(parseCutShort: ParseBatch): ParseBatch {
  return async (decoder) => {
    const bytes = bytesOf(decoder);
    if (bytes === null) return parseCutShort(decoder);
    decoder.offset += bytes.length;
    const known = isShared ? cache.find(bytes) : undefined;
    if (known !== undefined) return known;
    const parsed = await parseRecordBatch(bytes);
    if (isShared) cache.add(bytes, parsed);
    return parsed;
  };
}

const require = createRequire(import.meta.url);
const name = 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
const parse = require(name) as ParseBatch;
const loaded = require.cache[require.resolve(name)];
if (loaded !== undefined) loaded.exports = parseOnce(parse);
