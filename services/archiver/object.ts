import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { type ArchivedPartition, objectName } from '../shared/archive/object-name.ts';
import { anchorOf, type ObjectRange } from '../shared/archive/object-range.ts';
import { createObjectWriter } from '../shared/archive/object-writer.ts';
import { createRecordEraser } from '../shared/erasing/erased-record.ts';
import { type Erasures, NO_ERASURES } from '../shared/erasing/erasures.ts';
import { LecternError } from '../shared/errors.ts';
import type { LogRecord } from '../shared/log/port.ts';

export interface EncodedObject {
  readonly name: string;
  readonly bytes: Buffer;
  readonly range: ObjectRange;
}

export interface ObjectEncoder {
  /**
   * One object of consecutive records, at least one; of those that are erased, the tombstones. The same records give the
   * same name, and until something of them is erased the same bytes, wherever and whenever they are encoded.
   */
  encode(of: ArchivedPartition, records: readonly LogRecord[]): Promise<EncodedObject>;
}

const RECORDS_A_TURN = 500;

export function createObjectEncoder(erasures: Erasures = NO_ERASURES): ObjectEncoder {
  const openWriter = createObjectWriter();
  const { erase } = createRecordEraser(erasures);

  return {
    async encode(of, records) {
      const first = records[0]!.offset;
      const last = records.at(-1)!.offset;
      // What is decided while this runs may be missing in it.
      const { count: known } = erasures;
      const writer = openWriter(of, { first, last });
      for (const [index, record] of records.entries()) {
        if (!writer.write(erase(record))) await writer.ready();
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
      const anchor = anchorOf(records.at(-1)!);
      const erased = known === 0 ? {} : { erasures: known };
      const range = { first, last, count: records.length, sha256, anchor, ...erased };
      return { name: objectName(of, records[0]!), bytes, range };
    },
  };
}
