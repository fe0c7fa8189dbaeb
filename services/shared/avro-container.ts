import { setImmediate as turn } from 'node:timers/promises';
import { inflateRawSync } from 'node:zlib';
import { type AvroType, parseSchema } from './avro.ts';

/** Object containers with the codec deflate, read block by block: Avro 1.11 specification, "Object Container Files". */

interface Header {
  readonly magic: Buffer;
  readonly meta: Readonly<Record<string, Buffer>>;
  readonly sync: Buffer;
}

interface Block {
  readonly count: number;
  readonly data: Buffer;
  readonly sync: Buffer;
}

const MAGIC = Buffer.from('Obj\x01', 'latin1');
const PAGE_RECORDS = 512;
const PAGE_BYTES = 1_048_576;
/** Our writer ends a block at some 256 KiB, so only a single huge record makes one larger; this is for foreign ones. */
const MAX_BLOCK_BYTES = 64 * 1_048_576;
/** So most blocks are inflated into one piece, which need not be put together. */
const INFLATED_BYTES = 262_144 + 16_384;

const SYNC = { type: 'fixed', name: 'Sync', size: 16 };
const HEADER = parseSchema({
  type: 'record',
  name: 'Header',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: 4 } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: SYNC },
  ],
});
const BLOCK = parseSchema({
  type: 'record',
  name: 'Block',
  fields: [
    { name: 'count', type: 'long' },
    { name: 'data', type: 'bytes' },
    { name: 'sync', type: SYNC },
  ],
});

function decodeAt<T>(type: AvroType, bytes: Buffer, at: number, what: string): { value: T; offset: number } {
  const { value, offset } = type.decode(bytes, at);
  if (offset < 0) throw new Error(`${what} at byte ${at} is cut short`);
  return { value: value as T, offset };
}

function readHeader(bytes: Buffer): { header: Header; offset: number } {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new Error('it does not begin as an Avro container');
  const { value: header, offset } = decodeAt<Header>(HEADER, bytes, 0, 'the header');
  const codec = header.meta['avro.codec']?.toString() ?? 'null';
  if (codec !== 'deflate') throw new Error(`its codec ${codec} is not known here`);
  return { header, offset };
}

/** Decodes one record of an inflated block; `offset` is where the next one begins, or -1 where the block is cut short. */
export type DecodeRecord<T> = (
  data: Buffer,
  at: number,
) => { readonly value: T | undefined; readonly offset: number };

/** Decodes as the shape of `reader`: what that leaves out is skipped, which is much cheaper. */
export function decodeAs<T>(reader: AvroType): (schema: unknown) => DecodeRecord<T> {
  return (schema) => {
    const resolver = reader.createResolver(parseSchema(schema));
    return (data, at) => reader.decode(data, at, resolver) as ReturnType<DecodeRecord<T>>;
  };
}

/**
 * The records of a container in pages of some hundred, decoded by what `decoderOf` makes of the schema that it carries. Holds one block and one page besides `bytes`, and
 * lets others run between pages. Throws an Error that quotes no record when the container is broken.
 */
export async function* readContainerPages<T>(
  bytes: Buffer,
  decoderOf: (schema: unknown) => DecodeRecord<T>,
): AsyncGenerator<readonly T[]> {
  const { header, offset: start } = readHeader(bytes);
  const decode = decoderOf(JSON.parse(`${header.meta['avro.schema']}`));
  let page: T[] = [];
  let pageBytes = 0;
  for (let at = start; at < bytes.length; ) {
    const { value: block, offset } = decodeAt<Block>(BLOCK, bytes, at, 'the block');
    if (!block.sync.equals(header.sync)) throw new Error(`the block at byte ${at} does not end as it should`);
    // Half the cost of handing blocks to other threads; each takes a millisecond or so.
    const data = inflateRawSync(block.data, { maxOutputLength: MAX_BLOCK_BYTES, chunkSize: INFLATED_BYTES });
    let read = 0;
    for (let index = 0; index < block.count; index++) {
      const { value, offset: next } = decode(data, read);
      if (next < 0) throw new Error(`the block at byte ${at} is cut short`);
      pageBytes += next - read;
      read = next;
      page.push(value as T);
      if (page.length < PAGE_RECORDS && pageBytes < PAGE_BYTES) continue;
      yield page;
      await turn();
      page = [];
      pageBytes = 0;
    }
    at = offset;
  }
  if (page.length > 0) yield page;
}
