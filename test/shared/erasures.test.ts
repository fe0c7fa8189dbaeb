import { describe, expect, test } from '@jest/globals';
import { createDecided } from '../../services/shared/control/decided.ts';
import { encodeControlRecord, parseControlRecord } from '../../services/shared/control/record.ts';
import { decodeSnapshot, encodeSnapshot } from '../../services/shared/control/snapshot.ts';
import {
  createRecordEraser,
  ERASED_HEADER,
  isTombstone,
} from '../../services/shared/erasing/erased-record.ts';
import { createErasures } from '../../services/shared/erasing/erasures.ts';
import { newErasure } from '../../services/shared/erasing/new-erasure.ts';
import { createEventCodec } from '../../services/shared/event.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { eventRecord, type TestEvent } from '../support/events.ts';

const BEFORE = 5_000_000;
const given = { before: BEFORE, now: 1 };
const bob = newErasure({ salt: null }, { learner: 'bob', ...given });
const codec = createEventCodec();

function record(event: Partial<TestEvent> = {}, headers: LogRecord['headers'] = {}): LogRecord {
  const fields = { namespace: 'n', source: 'a', student: 'bob', receivedAt: BEFORE - 1, ...event };
  const { key, value } = eventRecord({ ...fields, fields: { text: 'dear diary' } });
  return { offset: 7, timestamp: 4_000, key: Buffer.from(key), value, headers };
}
const eraserOf = (...erasures: (typeof bob)[]) => {
  const kept = createErasures();
  for (const one of erasures) kept.take(one);
  return createRecordEraser(kept);
};

describe('the record of an erasure', () => {
  test('says who is meant to whoever has the id, and names nobody', () => {
    const text = encodeControlRecord(bob).toString();
    expect(text).not.toContain('bob');
    expect(parseControlRecord(Buffer.from(text))).toEqual({ outcome: 'taken', record: bob });
    expect(bob.keyHash % 8).toBe(partitionOf('bob', 8));
  });

  test('finds its learner, under whatever salt, and no other', () => {
    const erasures = createErasures();
    erasures.take(bob);
    erasures.take(newErasure({ salt: null }, { learner: 'ann', ...given }));
    const names = ['bob', 'ann'].map((name) => erasures.of(name)!.name);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^erased:[0-9a-f]{64}$/);
    for (let n = 0; n < 1_000; n++) expect(erasures.of(`student ${n}`)).toBeNull();
  });

  test('of a learner that is erased already moves the time forward, never back, and counts once', () => {
    const erasures = createErasures();
    erasures.take(bob);
    erasures.take(bob);
    expect(erasures.count).toBe(1);
    erasures.take(newErasure(erasures, { learner: 'bob', before: 1, now: 1 }));
    expect(erasures.of('bob')).toMatchObject({ before: BEFORE, number: 2 });
    erasures.take(newErasure(erasures, { learner: 'bob', before: BEFORE + 1, now: 1 }));
    expect(erasures.of('bob')).toMatchObject({ before: BEFORE + 1, number: 3 });
    expect(erasures.after(2)).toHaveLength(1);
    expect(erasures.after(3)).toEqual([]);
  });

  test('that would be one too many is refused, another of a known learner is not', () => {
    const erasures = createErasures(1);
    erasures.take(bob);
    expect(erasures.refusal(newErasure(erasures, { learner: 'ann', ...given }))).toMatch(/1 learners/);
    expect(erasures.refusal(newErasure(erasures, { learner: 'bob', ...given }))).toBeNull();
  });

  test('is the same after a snapshot', async () => {
    const decided = createDecided();
    decided.take(bob);
    decided.take(newErasure(decided.erasures, { learner: 'ann', ...given }));
    decided.take(newErasure(decided.erasures, { learner: 'bob', before: BEFORE + 9, now: 1 }));
    const bytes = await encodeSnapshot({ position: 3, hash: '0'.repeat(64), ...decided.copy() });
    const again = createDecided();
    again.restore((await decodeSnapshot(bytes, () => undefined))!);
    expect(again.copy()).toEqual(decided.copy());
    for (const each of [again, decided]) {
      expect(each.erasures.of('bob')).toEqual(decided.erasures.of('bob'));
      expect([each.erasures.count, each.erasures.salt]).toEqual([3, bob.salt]);
    }
  });
});

describe('the tombstone of a record', () => {
  test('keeps place, time, id, session and number, and nothing else', () => {
    const event = record({ id: 'e1', session: 's', sequence: 3 });
    const left = eraserOf(bob).erase(event);
    expect([left.offset, left.timestamp]).toEqual([7, 4_000]);
    const name = `erased:${bob.learner}`;
    expect(codec.decode(left.value!)).toEqual({
      kind: 'ok',
      value: {
        id: 'e1',
        source: 'a',
        type: '',
        key: name,
        session: 's',
        sequence: 3,
        receivedAt: 4_000_000,
        client: '{}',
        server: '{}',
        metadata: '{}',
      },
    });
    expect(left.key!.toString()).toBe(name);
    for (const bytes of [left.key!, left.value!])
      for (const text of ['bob', 'diary']) expect(bytes.includes(text)).toBe(false);
    expect(isTombstone(left)).toBe(true);
  });

  test('is told by the event, also where it stands under another key, and keeps where it comes from', () => {
    const names = ['origin-topic', 'requeue-offset', 'claimed-partition', 'moved-topic'];
    const origin = Object.fromEntries(names.map((name) => [`lectern-${name}`, Buffer.from('3')]));
    const rekeyed = {
      ...record({}, { ...origin, traceparent: Buffer.from('x') }),
      key: Buffer.from('CLASS:c'),
    };
    const { headers, key } = eraserOf(bob).erase(rekeyed);
    expect(Object.keys(headers).sort()).toEqual([...Object.keys(origin), ERASED_HEADER].sort());
    expect(key!.toString()).toMatch(/^erased:/);
  });

  test('of what is no event has no value: that is told by its key, and when the log appended it', () => {
    const other = { ...record(), value: Buffer.from('the text of bob') };
    expect(eraserOf(bob).erase(other)).toMatchObject({ value: null, offset: 7 });
    expect(eraserOf(bob).erase({ ...other, timestamp: 5_000 })).toMatchObject({ value: other.value });
  });

  test('is its own tombstone; what was received later, or is of others, stays as it is', () => {
    const { erase } = eraserOf(bob);
    const left = erase(record());
    expect(erase(left)).toBe(left);
    for (const kept of [record({ receivedAt: BEFORE }), record({ student: 'ann' })])
      expect(erase(kept)).toBe(kept);
  });
});
