import { describe, expect, test } from '@jest/globals';
import { requeueHeaders } from '../../services/shared/control/requeue-record.ts';
import { NO_ERASURES } from '../../services/shared/erasing/erasures.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import type { Anchor } from '../../services/shared/state/port.ts';
import { createDecoder } from '../../services/worker/decode.ts';
import { createIdWindow } from '../../services/worker/duplicates.ts';
import { createIntake, type Intake } from '../../services/worker/intake.ts';
import { eventRecord } from '../support/events.ts';

const decoder = createDecoder();
const decode = (record: LogRecord) => decoder(record, false);

function record(offset: number, id: string, headers: LogRecord['headers'] = {}): LogRecord {
  const { key, value } = eventRecord({ namespace: 'n', source: 's', student: 'a', id });
  return { offset, timestamp: 1_000 + offset, key: Buffer.from(key), value, headers };
}

interface Options {
  readonly position?: number;
  readonly readFrom?: number;
  readonly anchor?: Anchor | null;
}

function intakeFrom({
  position = 0,
  readFrom = 0,
  anchor = null,
}: Options = {}): Intake & { dropped(): number } {
  let dropped = 0;
  const intake = createIntake({
    erasures: NO_ERASURES,
    moduleId: 'm.v1',
    keysOf: ({ student }) => [student],
    window: createIdWindow(100),
    position,
    readFrom,
    anchor,
    duplicate: () => {
      dropped += 1;
    },
  });
  return Object.assign(Object.create(intake) as Intake, { dropped: () => dropped });
}

const offsets = (intake: Intake, records: readonly LogRecord[]): unknown => {
  const taken = intake.take(records, decode);
  return taken.kind === 'ok'
    ? taken.items.map(({ offset, event }) => (event ? offset : -offset))
    : taken.reason;
};
const anchorOf = (offset: number, id: string): Anchor => ({ offset, timestamp: 1_000 + offset, id });

describe('what a unit takes in', () => {
  test('is nothing before its position, which only tells what is a duplicate', () => {
    const intake = intakeFrom({ position: 3, readFrom: 0 });
    expect(intake.readingBack).toBe(true);
    expect(offsets(intake, [record(0, 'x'), record(1, 'y'), record(2, 'z')])).toEqual([]);
    expect(offsets(intake, [record(3, 'y'), record(4, 'w')])).toEqual([-3, 4]);
    expect(intake.dropped()).toBe(1);
    expect(intake.readingBack).toBe(false);
  });

  test('is every record once, however often it is delivered', () => {
    const intake = intakeFrom();
    expect(offsets(intake, [record(0, 'x'), record(1, 'y')])).toEqual([0, 1]);
    expect(offsets(intake, [record(1, 'y'), record(2, 'z')])).toEqual([2]);
  });

  test('is no record that was requeued for another module', () => {
    const intake = intakeFrom();
    const others = requeueHeaders({ module: 'other.v1', reducer: 'other.r', offset: 0 });
    expect(intake.take([record(0, 'x', others), record(1, 'z')], decode)).toMatchObject({
      items: [{ event: null, refusal: null }, { event: { offset: 1 } }],
    });
  });

  test('is refused when its headers do not say what it was requeued for, and makes no later one a duplicate', () => {
    const broken = { 'lectern-requeue-reducer': Buffer.from('?') };
    const refused = {
      event: null,
      refusal: expect.stringContaining('lectern-requeue-reducer'),
      requeued: null,
    };
    const intake = intakeFrom();
    expect(intake.take([record(0, 'x', broken), record(1, 'x')], decode)).toMatchObject({
      items: [refused, { event: { offset: 1 } }],
    });
    // Read back, it is the same.
    const again = intakeFrom({ position: 1, readFrom: 0 });
    expect(again.take([record(0, 'x', broken), record(1, 'x')], decode)).toMatchObject({
      items: [{ event: { offset: 1 } }],
    });
    expect(again.dropped()).toBe(0);
  });

  test('is a record that was requeued for the module, although its event was there before', () => {
    const intake = intakeFrom();
    const mine = requeueHeaders({ module: 'm.v1', reducer: 'm.r', offset: 0 });
    const taken = intake.take([record(0, 'x'), record(1, 'x', mine)], decode);
    expect(taken).toMatchObject({
      kind: 'ok',
      items: [{ requeued: null }, { event: { offset: 1 }, requeued: { reducer: 'm.r', offset: 0 } }],
    });
    expect(intake.dropped()).toBe(0);
  });
});

describe('the anchor', () => {
  test('that is still there lets the unit go on', () => {
    const intake = intakeFrom({ position: 2, readFrom: 0, anchor: anchorOf(1, 'y') });
    expect(offsets(intake, [record(0, 'x'), record(1, 'y'), record(2, 'z')])).toEqual([2]);
  });

  test.each([
    ['another id', record(1, 'other')],
    ['another time', { ...record(1, 'y'), timestamp: 7 }],
  ])('with %s stops the unit, naming the offset and the remedy', (_name, changed) => {
    const intake = intakeFrom({ position: 2, readFrom: 0, anchor: anchorOf(1, 'y') });
    expect(offsets(intake, [record(0, 'x'), changed])).toMatch(/another record at offset 1.*new namespace/);
  });

  test('that does not come stops the unit', () => {
    const intake = intakeFrom({ position: 2, readFrom: 0, anchor: anchorOf(1, 'y') });
    expect(offsets(intake, [record(0, 'x'), record(2, 'z')])).toMatch(/no longer has offset 1/);
  });

  test('that cannot be read does not stop the unit', () => {
    const from = intakeFrom({ position: 2, readFrom: 2, anchor: anchorOf(1, 'y') });
    expect(offsets(from, [record(2, 'z')])).toEqual([2]);
  });

  test('is looked at again after a rebalance, and the record after it comes once', () => {
    const intake = intakeFrom();
    offsets(intake, [record(0, 'x'), record(1, 'y')]);
    expect(intake.resumeFrom()).toBe(1);
    expect(offsets(intake, [record(1, 'y'), record(2, 'z')])).toEqual([2]);
    expect(intake.resumeFrom()).toBe(2);
    expect(offsets(intake, [record(2, 'made anew')])).toMatch(/another record at offset 2/);
  });

  test('of a rebalance while still reading back is the one of the claim', () => {
    const intake = intakeFrom({ position: 3, readFrom: 0, anchor: anchorOf(2, 'z') });
    offsets(intake, [record(0, 'x')]);
    expect(intake.resumeFrom()).toBe(1);
    expect(offsets(intake, [record(1, 'y'), record(2, 'other')])).toMatch(/another record at offset 2/);
  });
});
