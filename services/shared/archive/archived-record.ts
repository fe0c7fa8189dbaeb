import { readFileSync } from 'node:fs';
import { type AvroType, parseSchema } from '../avro.ts';
import { decodeAs, readContainerPages } from '../avro-container.ts';
import type { LogRecord } from '../log/port.ts';
import { recordViews } from './record-views.ts';

/** The records of archive objects: `schemas/archive/` says what their fields mean. */

const VERSION = 1;
const schemaFile = new URL(
  `${import.meta.url.includes('/dist/') ? '../../../../' : '../../../'}schemas/archive/${VERSION}.avsc`,
  import.meta.url,
);

interface RecordSchema {
  readonly fields: readonly { readonly name: string }[];
}

/** The schema that objects are written with, as JSON. */
export function loadArchiveSchema(): unknown {
  return JSON.parse(readFileSync(schemaFile, 'utf8'));
}

/** What the log gave; the envelope's columns only repeat it for people. */
const FROM_THE_LOG: readonly string[] = [
  'offset',
  'timestamp',
  'key',
  'value',
  'headers',
] satisfies (keyof LogRecord)[];

function typeWith(names: readonly string[]): AvroType {
  const schema = loadArchiveSchema() as RecordSchema;
  return parseSchema({ ...schema, fields: schema.fields.filter(({ name }) => names.includes(name)) });
}

/**
 * Reads the records of an object's bytes, page by page, as the log held them. Throws an Error where they are broken. Keys
 * and values share the memory of some hundred records beside them.
 */
export function createRecordReader(): (bytes: Buffer) => AsyncIterable<readonly LogRecord[]> {
  const copied = decodeAs<LogRecord>(typeWith(FROM_THE_LOG));
  return (bytes) => readContainerPages(bytes, (schema) => recordViews(schema) ?? copied(schema));
}

/** Like `createRecordReader`, but only when the log appended them, which takes a fraction of the time. */
export function createTimeReader(): (
  bytes: Buffer,
) => AsyncIterable<readonly Pick<LogRecord, 'timestamp'>[]> {
  const decoderOf = decodeAs<Pick<LogRecord, 'timestamp'>>(typeWith(['timestamp']));
  return (bytes) => readContainerPages(bytes, decoderOf);
}
