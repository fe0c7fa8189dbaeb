import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { loadArchiveSchema } from '../shared/archive/archived-record.ts';
import { type ArchivedPartition, objectName } from '../shared/archive/object-name.ts';
import { anchorOf, type ObjectRange } from '../shared/archive/object-range.ts';
import { createContainerWriter } from '../shared/avro.ts';
import { LecternError } from '../shared/errors.ts';
import { createEventCodec, type Envelope } from '../shared/event.ts';
import type { LogRecord } from '../shared/log/port.ts';

export interface EncodedObject {
  readonly name: string;
  readonly bytes: Buffer;
  readonly range: ObjectRange;
}

export interface ObjectEncoder {
  /**
   * One object of consecutive records, at least one. The same records give the same name and bytes, wherever and
   * whenever they are encoded.
   */
  encode(of: ArchivedPartition, records: readonly LogRecord[]): Promise<EncodedObject>;
}

const RECORDS_A_TURN = 500;

const NO_COLUMNS: { readonly [Column in keyof Omit<Envelope, 'key'>]: null } = {
  id: null,
  source: null,
  type: null,
  session: null,
  sequence: null,
  receivedAt: null,
  client: null,
  server: null,
  metadata: null,
};

/** Unlike chance bytes, these are the same for the same range; Avro only asks that data does not contain them. */
function syncMarkerOf({ topic, partition }: ArchivedPartition, first: number): Buffer {
  return createHash('sha256').update(`${topic}+${partition}+${first}`).digest().subarray(0, 16);
}

/** Objects are Avro containers, deflated, of `schemas/archive/`. */
export function createObjectEncoder(): ObjectEncoder {
  const schema = loadArchiveSchema();
  const codec = createEventCodec();

  /** Each field by its name: to spread a decoded envelope costs more than to encode all of it. */
  const toColumns = ({ topic, partition }: ArchivedPartition, record: LogRecord): object => {
    const { offset, timestamp, key, headers, value } = record;
    const decoded = value === null ? null : codec.decode(value);
    const columns = decoded?.kind === 'ok' ? decoded.value : NO_COLUMNS;
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

  return {
    async encode(of, records) {
      const first = records[0]!.offset;
      const last = records.at(-1)!.offset;
      const writer = createContainerWriter({
        schema,
        syncMarker: syncMarkerOf(of, first),
        metadata: { 'lectern.first': String(first), 'lectern.last': String(last) },
      });
      for (const [index, record] of records.entries()) {
        if (!writer.write(toColumns(of, record))) await writer.ready();
        // Long work by turns: the process answers its clients and the log in between.
        if (index % RECORDS_A_TURN === RECORDS_A_TURN - 1) await turn();
      }
      const bytes = await writer.finish().catch(() => {
        // What avsc says quotes the value, which is a learner's.
        throw new LecternError(
          'UNIT_STOPPED',
          `offsets ${first} to ${last} hold a record that is no record of a log: a header without bytes, most likely`,
        );
      });
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const range = { first, last, count: records.length, sha256, anchor: anchorOf(records.at(-1)!) };
      return { name: objectName(of, records[0]!), bytes, range };
    },
  };
}
