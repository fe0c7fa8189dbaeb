import type { Batch, LogRecord } from '../shared/log/port.ts';
import type { Decode, DecodedRecord } from './decode.ts';

/** Decodes the records of one batch for one of its readers. */
export interface BatchDecoder {
  /** `index` is where the record stands in the batch. */
  decode(record: LogRecord, index: number): DecodedRecord;
  /** The reader is through with the batch, for now: what can be decoded again is let go when all readers are. */
  release(): void;
}

export interface SharedDecoder {
  /** For a reader of a batch with so many reducers for each event. */
  open(batch: Pick<Batch, 'records' | 'readers'>, reducers: number): BatchDecoder;
}

/** What some of its readers have decoded of a batch, and how many of them are not through yet. */
interface Decoded {
  readonly records: (DecodedRecord | undefined)[];
  readers: number;
}

/**
 * Several modules of a process that are at the same place of a partition are given the very same records: what one of
 * them decoded serves the others. Nothing is kept for longer than the batch itself.
 */
export function createSharedDecoder(decode: Decode): SharedDecoder {
  const shared = new WeakMap<readonly LogRecord[], Decoded>();

  const decodedOf = ({ records, readers = 1 }: Pick<Batch, 'records' | 'readers'>): Decoded => {
    const known = readers > 1 ? shared.get(records) : undefined;
    if (known !== undefined) return known;
    const decoded: Decoded = { records: new Array<DecodedRecord | undefined>(records.length), readers };
    if (readers > 1) shared.set(records, decoded);
    return decoded;
  };

  return {
    open(batch, reducers) {
      const decoded = decodedOf(batch);
      const isForOne = reducers === 1 && (batch.readers ?? 1) === 1;
      return {
        decode(record, index) {
          decoded.records[index] ??= decode(record, isForOne);
          return decoded.records[index];
        },
        release() {
          decoded.readers -= 1;
          if (decoded.readers > 0) return;
          for (const event of decoded.records) if (event?.kind === 'ok') event.release();
        },
      };
    },
  };
}
