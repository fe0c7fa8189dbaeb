import { once } from 'node:events';
import { deflateRaw } from 'node:zlib';
import avsc from 'avsc';

/** The only importer of avsc, which offers its names to plain Node through the default import alone. */

export type AvroType = avsc.Type;

export const MARKER = Buffer.from([0xc3, 0x01]);
const HEADER_BYTES = MARKER.length + 8;

/** Parses a schema; timestamps stay whole numbers of their unit. */
export function parseSchema(schema: unknown): AvroType {
  return avsc.Type.forSchema(schema as avsc.Schema);
}

/** Like `parseSchema`, for values with unions as plain JSON has them. Refuses unions of which two could fit a value. */
export function parsePlainSchema(schema: unknown): AvroType {
  return avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'never' });
}

const EMPTY = 0xc15d213aa4d7a795n;

const fingerprintTable: readonly bigint[] = Array.from({ length: 256 }, (_, byte) => {
  let value = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) value = (value >> 1n) ^ (value & 1n ? EMPTY : 0n);
  return value;
});

/**
 * CRC-64-AVRO of a schema's parsing canonical form, little-endian as it stands in a record.
 * Avro 1.11 specification, "Schema Fingerprints" and "Single-object encoding".
 */
export function fingerprint(type: AvroType): Buffer {
  const canonical = Buffer.from(JSON.stringify(type.schema()));
  let value = EMPTY;
  for (const byte of canonical)
    value = (value >> 8n) ^ fingerprintTable[Number((value ^ BigInt(byte)) & 0xffn)]!;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

export type Decoded<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'deadLetter'; readonly reason: string };

export interface SingleObjectReader<T> {
  decode(bytes: Buffer): Decoded<T>;
}

export interface SingleObjectCodec<T> extends SingleObjectReader<T> {
  encode(value: T): Buffer;
}

interface WrittenBy {
  /** The fingerprint, in two halves. */
  readonly high: number;
  readonly low: number;
  /** Undefined when it is written in the very shape that is read. */
  readonly resolver: ReturnType<AvroType['createResolver']> | undefined;
}

function writtenBy(type: AvroType, shape: AvroType): WrittenBy {
  const bytes = fingerprint(type);
  const resolver = type === shape ? undefined : shape.createResolver(type);
  return { high: bytes.readInt32LE(0), low: bytes.readInt32LE(4), resolver };
}

const refuse = (reason: string): Decoded<never> => ({ kind: 'deadLetter', reason });

/**
 * Reads what any of `types` wrote, as `shape`: one of them, or a part of their fields, where the others are skipped, which
 * costs less than reading them.
 */
export function createSingleObjectReader<T>(
  types: readonly AvroType[],
  shape: AvroType,
): SingleObjectReader<T> {
  const known = types.map((type) => writtenBy(type, shape)).reverse();
  return {
    decode(bytes) {
      if (bytes.length < HEADER_BYTES || bytes[0] !== MARKER[0] || bytes[1] !== MARKER[1])
        return refuse('not in Avro single-object encoding: the marker C3 01 is missing');
      const high = bytes.readInt32LE(MARKER.length);
      const low = bytes.readInt32LE(MARKER.length + 4);
      const writer = known.find((one) => one.low === low && one.high === high);
      if (writer === undefined) {
        const hex = bytes.subarray(MARKER.length, HEADER_BYTES).toString('hex');
        return refuse(`unknown schema fingerprint ${hex}: deploy the version that has it`);
      }
      try {
        const { value, offset } = shape.decode(bytes, HEADER_BYTES, writer.resolver);
        if (offset === bytes.length) return { kind: 'ok', value: value as T };
        return refuse(`the Avro body does not decode: ${offset < 0 ? 'it is cut short' : 'bytes follow it'}`);
      } catch (error) {
        return refuse(`the Avro body does not decode: ${(error as Error).message}`);
      }
    },
  };
}

/** Writes with the last of `types`; reads what any of them wrote, as the last one's shape. */
export function createSingleObjectCodec<T>(types: readonly AvroType[]): SingleObjectCodec<T> {
  const writer = types.at(-1);
  if (writer === undefined) throw new TypeError('a codec needs at least one schema');
  const header = Buffer.concat([MARKER, fingerprint(writer)]);
  return {
    encode: (value) => Buffer.concat([header, writer.toBuffer(value)]),
    ...createSingleObjectReader<T>(types, writer),
  };
}

export interface ContainerOptions {
  /** As JSON, because it goes into the container whole: a parsed type forgets which numbers are timestamps. */
  readonly schema: unknown;
  /** 16 bytes; fixed by the caller, so that the same records always give the same bytes. */
  readonly syncMarker: Buffer;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface ContainerWriter {
  /** False when it holds as much as it should: whoever has many records waits for `ready` then. */
  write(record: object): boolean;
  /** Resolves when what was written is in blocks, or cannot be encoded. */
  ready(): Promise<void>;
  /** Ends the container and resolves to its bytes. */
  finish(): Promise<Buffer>;
}

/**
 * Larger blocks and a lower level than usual: together they give objects of the usual size for half of the time, which is
 * spent by other threads.
 */
const BLOCK_BYTES = 262_144;
const LEVEL = 4;

/** An Avro object container in memory, deflate codec. */
export function createContainerWriter(options: ContainerOptions): ContainerWriter {
  const metadata = Object.entries(options.metadata ?? {}).map(([name, text]) => [name, Buffer.from(text)]);
  // avsc's types do not list `metadata`, which its encoder writes into the container's header.
  const settings = {
    codec: 'deflate',
    codecs: {
      deflate: (data: Buffer, done: (error: Error | null, deflated: Buffer) => void) =>
        deflateRaw(data, { level: LEVEL }, done),
    },
    blockSize: BLOCK_BYTES,
    syncMarker: options.syncMarker,
    metadata: Object.fromEntries(metadata) as Record<string, Buffer>,
  };
  const encoder = new avsc.streams.BlockEncoder(options.schema as avsc.Schema, settings);
  const chunks: Buffer[] = [];
  const ended = new Promise<Buffer>((resolve, reject) => {
    encoder.on('data', (chunk: Buffer) => chunks.push(chunk));
    encoder.on('end', () => resolve(Buffer.concat(chunks)));
    encoder.on('error', reject);
  });
  ended.catch(() => undefined);
  return {
    write: (record) => encoder.write(record),
    async ready() {
      // While a block is being deflated, records wait as objects, which are several times their bytes.
      if (encoder.writableNeedDrain) await once(encoder, 'drain').catch(() => undefined);
    },
    finish() {
      encoder.end();
      return ended;
    },
  };
}

/** The records of an object container, decoded with the schema that it carries. */
export async function readContainer<T>(bytes: Buffer): Promise<T[]> {
  const decoder = new avsc.streams.BlockDecoder();
  const records: T[] = [];
  return await new Promise((resolve, reject) => {
    decoder.on('data', (record: T) => records.push(record));
    decoder.on('end', () => resolve(records));
    decoder.on('error', reject);
    decoder.end(bytes);
  });
}
