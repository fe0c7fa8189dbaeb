import type { DecodeRecord } from '../avro-container.ts';
import type { LogRecord } from '../log/port.ts';

type AvroSchema =
  | string
  | readonly AvroSchema[]
  | { readonly type: AvroSchema; readonly values?: AvroSchema };

/** Where a block is read. Whoever moves beyond its end has read nothing. */
interface Cursor {
  data: Buffer;
  at: number;
}

type Read<T> = (from: Cursor) => T;

const NO_HEADERS: Readonly<Record<string, Buffer>> = Object.freeze({});

/** Zigzag variable-length, as Avro writes int and long; exact up to 2^52, as the library is. */
function readLong(from: Cursor): number {
  const { data } = from;
  let byte = data[from.at++]!;
  // Most are lengths and branches.
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let value = byte & 0x7f;
  let shift = 7;
  for (; shift < 28; shift += 7) {
    byte = data[from.at++]!;
    value |= (byte & 0x7f) << shift;
    if (!(byte >= 0x80)) return (value >>> 1) ^ -(value & 1);
  }
  // Beyond that, shifts of 32 bits do not reach.
  do {
    byte = data[from.at++]!;
    value += (byte & 0x7f) * 2 ** shift;
    shift += 7;
  } while (byte >= 0x80);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** Of what follows; beyond every end where it cannot be one. */
function readLength(from: Cursor): number {
  const length = readLong(from);
  return length < 0 ? Number.POSITIVE_INFINITY : length;
}

/** A part of the block itself, which lives as long as any such part. */
function readBytes(from: Cursor): Buffer {
  const length = readLength(from);
  const start = from.at;
  from.at = start + length;
  return from.data.subarray(start, from.at);
}

function skipBytes(from: Cursor): void {
  const length = readLength(from);
  from.at += length;
}

function readHeaders(from: Cursor): Readonly<Record<string, Buffer>> {
  let headers: Record<string, Buffer> | null = null;
  for (let count = readLong(from); count !== 0; count = readLong(from)) {
    // A negative count is followed by the size of what it counts.
    if (count < 0) readLong(from);
    headers ??= {};
    for (let left = Math.abs(count); left > 0 && from.at < from.data.length; left--) {
      const name = readBytes(from).toString();
      headers[name] = readBytes(from);
    }
    if (from.at >= from.data.length) break;
  }
  return headers ?? NO_HEADERS;
}

const isNullable = (schema: AvroSchema, of: string): boolean =>
  Array.isArray(schema) && schema.length === 2 && schema[0] === 'null' && nameOf(schema[1]!) === of;

function nameOf(schema: AvroSchema): string {
  if (typeof schema === 'string') return schema;
  return Array.isArray(schema) ? 'union' : nameOf((schema as { readonly type: AvroSchema }).type);
}

/** What passes over a value; null where its type is not known here. */
function skipOf(schema: AvroSchema): Read<unknown> | null {
  if (Array.isArray(schema)) {
    const branches = schema.map(skipOf);
    if (branches.includes(null)) return null;
    return (from) => branches[readLong(from)]?.(from);
  }
  const name = nameOf(schema);
  if (name === 'null') return () => undefined;
  if (name === 'int' || name === 'long') return readLong;
  return name === 'string' || name === 'bytes' ? skipBytes : null;
}

const nullable = (from: Cursor): Buffer | null => (readLong(from) === 0 ? null : readBytes(from));

interface Field {
  readonly name: string;
  readonly type: AvroSchema;
}

/** What reads a field that a log's record has; null where it is not written as it is read here. */
function readOf({ name, type }: Field): Read<unknown> | null {
  if (name === 'offset' || name === 'timestamp') return nameOf(type) === 'long' ? readLong : null;
  if (name === 'headers')
    return nameOf(type) === 'map' && (type as { values?: unknown }).values === 'bytes' ? readHeaders : null;
  return isNullable(type, 'bytes') ? nullable : null;
}

const OF_THE_LOG = ['offset', 'timestamp', 'key', 'value', 'headers'] as const satisfies (keyof LogRecord)[];

/**
 * Decodes archived records as the log held them: without copies, which would be most of what it costs, and past the columns
 * for people. Null for a schema that is not known here.
 */
export function recordViews(schema: unknown): DecodeRecord<LogRecord> | null {
  const { fields } = schema as { readonly fields: readonly Field[] };
  const steps: { readonly name: keyof LogRecord | null; readonly read: Read<unknown> }[] = [];
  for (const field of fields) {
    const name = OF_THE_LOG.find((known) => known === field.name) ?? null;
    const read = name === null ? skipOf(field.type) : readOf(field);
    if (read === null) return null;
    steps.push({ name, read });
  }
  if (!OF_THE_LOG.every((name) => steps.some((step) => step.name === name))) return null;
  const from: Cursor = { data: Buffer.alloc(0), at: 0 };
  return (data, at) => {
    from.data = data;
    from.at = at;
    const value = { offset: 0, timestamp: 0, key: null, value: null, headers: NO_HEADERS } as Record<
      string,
      unknown
    >;
    for (const { name, read } of steps) {
      const found = read(from);
      if (name !== null) value[name] = found;
    }
    return { value: value as unknown as LogRecord, offset: from.at > data.length ? -1 : from.at };
  };
}
