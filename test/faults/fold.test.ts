import { expect, test } from '@jest/globals';
import { createEventCodec } from '../../services/shared/event.ts';
import { eventRecord } from '../support/events.ts';
import { foldPartition } from './fold.ts';
import type { EventFault } from './make-events.ts';
import type { HistoryRecord } from './records.ts';

const codec = createEventCodec();

function record(offset: number, fault?: EventFault): HistoryRecord {
  const fields = { id: `e${offset}`, item: 1, group: 1, ...(fault !== undefined && { fault }) };
  const { value } = eventRecord({
    namespace: 'n',
    source: 'test.faults',
    student: 's',
    id: fields.id,
    fields,
  });
  const decoded = codec.decode(value as Buffer);
  if (decoded.kind !== 'ok') throw new Error(decoded.reason);
  return { offset, key: 's', value: value as Buffer, headers: {}, event: decoded.value };
}

test('an event counts as left out by its worker only where something can fail that its reducer does not wait for', () => {
  const records = [record(0, 'reject-detached'), record(1, 'throw-in-timer'), record(2), record(3, 'throw')];
  const all = [0, 1, 2, 3].flatMap((offset) =>
    ['chain', 'trail', 'list', 'split'].map((name) => `faults.${name}@${offset}`),
  );
  const { letters } = foldPartition(records, new Set(all));
  expect([...letters]).toEqual(['faults.chain@0', 'faults.chain@1', 'faults.chain@3']);
  expect([...foldPartition(records).letters]).toEqual(['faults.chain@3']);
});
