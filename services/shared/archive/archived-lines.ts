import { parseSchema } from '../avro.ts';
import { decodeAs, readContainerPages } from '../avro-container.ts';
import type { RecordEraser } from '../erasing/erased-record.ts';
import type { LogRecord, TopicPartition } from '../log/port.ts';
import { loadArchiveSchema } from './archived-record.ts';
import { createEventColumns, type EventColumns } from './event-columns.ts';

/** A record as objects hold it; see `schemas/archive/`. */
export interface ArchivedColumns extends EventColumns {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
  readonly value: Buffer | null;
}

/** `lineOf` each record of an object, in order. Of what is erased, though the object has it still, the tombstone. */
export async function* archivedLines(
  bytes: Buffer,
  eraserOf: (topic: string) => RecordEraser,
): AsyncGenerator<string> {
  const decoderOf = decodeAs<ArchivedColumns>(parseSchema(loadArchiveSchema()));
  const recordLine = createRecordLine();
  for await (const page of readContainerPages(bytes, decoderOf))
    for (const record of page) {
      const left = eraserOf(record.topic).erase(record);
      yield left === record ? lineOf(record) : recordLine(record, left);
    }
}

/** `lineOf` a record as the log has it. */
export function createRecordLine(): (at: TopicPartition, record: LogRecord) => string {
  const columnsOf = createEventColumns();
  return ({ topic, partition }, record) =>
    lineOf({ ...columnsOf(record.value), topic, partition, ...record });
}

/**
 * A record as one JSON text. Times are ISO 8601 in UTC; key and headers are text. `client`, `server` and `metadata` are the
 * event's own JSON to the letter; a record that is no event of ours has its `value` in base64 instead.
 */
function lineOf(record: ArchivedColumns): string {
  const { topic, partition, offset, timestamp, key, headers, client, server, metadata, value } = record;
  const { id, source, type, session, sequence, receivedAt } = record;
  const place = {
    topic,
    partition,
    offset,
    timestamp: new Date(timestamp).toISOString(),
    key: key?.toString() ?? null,
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, text.toString()])),
  };
  if (client === null) return JSON.stringify({ ...place, value: value?.toString('base64') ?? null });
  const event = { id, source, type, session, sequence, receivedAt: isoOfMicros(receivedAt!) };
  const head = JSON.stringify({ ...place, ...event }).slice(0, -1);
  // Not parsed and written again: a number beyond 2^53 would not be what was sent.
  return `${head},"client":${client},"server":${server},"metadata":${metadata}}`;
}

function isoOfMicros(micros: number): string {
  const [date] = new Date(Math.floor(micros / 1_000)).toISOString().split('Z');
  return `${date}${String(micros % 1_000).padStart(3, '0')}Z`;
}
