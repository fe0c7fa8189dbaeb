import { createHash } from 'node:crypto';
import { createContainerWriter } from '../avro.ts';
import type { LogRecord, TopicPartition } from '../log/port.ts';
import { loadArchiveSchema } from './archived-record.ts';
import { createEventColumns } from './event-columns.ts';

/** Unlike chance bytes, these are the same for the same range; Avro only asks that data does not contain them. */
function syncMarkerOf({ topic, partition }: TopicPartition, first: number): Buffer {
  return createHash('sha256').update(`${topic}+${partition}+${first}`).digest().subarray(0, 16);
}

/** The records of one object, in order. */
export interface OpenedWriter {
  /** False when there is enough to compress: then `ready` is to be waited for. */
  write(record: LogRecord): boolean;
  ready(): Promise<void>;
  /** Resolves to the object's bytes: the same for the same records. */
  finish(): Promise<Buffer>;
}

/** Writes objects: Avro containers, deflated, of `schemas/archive/`. */
export function createObjectWriter(): (
  of: TopicPartition,
  range: { readonly first: number; readonly last: number },
) => OpenedWriter {
  const schema = loadArchiveSchema();
  const columnsOf = createEventColumns();

  /** Each field by its name: to spread a decoded envelope costs more than to encode all of it. */
  const toColumns = ({ topic, partition }: TopicPartition, record: LogRecord): object => {
    const { offset, timestamp, key, headers, value } = record;
    const columns = columnsOf(value);
    const { id, source, type, session, sequence, receivedAt, client, server, metadata } = columns;
    return {
      topic,
      partition,
      offset,
      timestamp,
      key,
      headers,
      value,
      id,
      source,
      type,
      session,
      sequence,
      receivedAt,
      client,
      server,
      metadata,
    };
  };

  return ({ topic, partition }, { first, last }) => {
    const writer = createContainerWriter({
      schema,
      syncMarker: syncMarkerOf({ topic, partition }, first),
      metadata: { 'lectern.first': String(first), 'lectern.last': String(last) },
    });
    return {
      write: (record) => writer.write(toColumns({ topic, partition }, record)),
      ready: writer.ready,
      finish: writer.finish,
    };
  };
}
