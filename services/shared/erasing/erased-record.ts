import { createEventCodec, type Envelope } from '../event.ts';
import type { LogRecord } from '../log/port.ts';
import { type Erasures, isErased } from './erasures.ts';

/** Says of a record that it stands for one that is erased. No client can give a record headers. */
export const ERASED_HEADER = 'lectern-erased';
/** Our own headers, which say where a record belongs and nothing of a learner. */
const OWN_HEADER = /^lectern-(origin|requeue|claimed|moved)-/;

/** Whether a record is what is left of an erased one. */
export function isTombstone({ headers }: Pick<LogRecord, 'headers'>): boolean {
  return headers[ERASED_HEADER] !== undefined;
}

/** What may be seen of a record, once it was looked at for erasures. */
export interface RecordEraser {
  /**
   * A record as everybody is to see it: itself, or, where it is erased, its tombstone. That has offset, timestamp, id,
   * session and sequence, which tell what is a duplicate, the headers that say where it comes from or was requeued for,
   * and nothing else: key and learner are the erased name, times those of the log, texts empty objects. The tombstone of a
   * tombstone is itself. For records of events and rekey topics.
   */
  erase(record: LogRecord): LogRecord;
}

function ownHeaders(headers: LogRecord['headers']): LogRecord['headers'] {
  const kept = Object.entries(headers).filter(([name]) => OWN_HEADER.test(name));
  return { ...Object.fromEntries(kept), [ERASED_HEADER]: Buffer.from('1') };
}

/** The one rule by which every reader of history, and whoever rewrites archive objects, knows what is erased. */
export function createRecordEraser(erasures: Erasures): RecordEraser {
  const codec = createEventCodec();

  const envelopeOf = ({ value }: LogRecord): Envelope | null => {
    const decoded = value === null ? null : codec.decode(value);
    return decoded?.kind === 'ok' ? decoded.value : null;
  };

  return {
    erase(record) {
      if (erasures.count === 0 || isTombstone(record)) return record;
      const envelope = envelopeOf(record);
      // What is no event is its key's, and was received when the log appended it.
      const key = envelope?.key ?? record.key?.toString() ?? '';
      const learner = erasures.of(key);
      const micros = record.timestamp * 1_000;
      if (learner === null || !isErased(learner, envelope?.receivedAt ?? micros)) return record;
      const { offset, timestamp } = record;
      const left = {
        offset,
        timestamp,
        key: Buffer.from(learner.name),
        headers: ownHeaders(record.headers),
      };
      if (envelope === null) return { ...left, value: null };
      const { id, source, session, sequence } = envelope;
      const texts = { client: '{}', server: '{}', metadata: '{}' };
      const numbered = { id, source, type: '', key: learner.name, session, sequence };
      return { ...left, value: codec.encode({ ...numbered, receivedAt: micros, ...texts }) };
    },
  };
}
