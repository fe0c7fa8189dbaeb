import { describe, expect, test } from '@jest/globals';
import type { Item } from '../../services/worker/intake.ts';
import { createMarks } from '../../services/worker/rekey-marks.ts';
import type { Sessions } from '../../services/worker/sessions.ts';

function item(offset: number, n = 0, partition = 0, topic = 't'): Item {
  const origin = { topic, partition, offset, n };
  return {
    offset: 0,
    timestamp: 0,
    id: 'id',
    event: null,
    refusal: null,
    requeued: null,
    keys: [],
    counted: null,
    origin,
  };
}

/** Asks the store for what the items need, as a unit does, and tells which of them count. */
function take(marks: Sessions, stored: ReadonlyMap<string, string | null>, items: readonly Item[]) {
  const fields = marks.missing(items);
  marks.fill(
    fields,
    fields.map((field) => stored.get(field) ?? null),
  );
  return items.map((one) => marks.accept(one));
}

function written(marks: Sessions): Map<string, string | null> {
  const states = new Map<string, string | null>();
  marks.write(states);
  return states;
}

const NOTHING = new Map<string, string>();

describe('the marks of a rekey unit', () => {
  test('let through what is above what was had, and nothing else', () => {
    const items = [item(5), item(5), item(5, 1), item(5), item(4, 7), item(9), item(5, 2), item(9, 1)];
    expect(take(createMarks(), NOTHING, items)).toEqual([true, false, true, false, false, true, false, true]);
  });

  test('know each partition of each topic for itself', () => {
    const items = [item(5), item(3, 0, 1), item(2, 0, 0, 'other'), item(3, 0, 1), item(4)];
    expect(take(createMarks(), NOTHING, items)).toEqual([true, true, true, false, false]);
  });

  test('go on from what is stored', () => {
    const first = createMarks();
    take(first, NOTHING, [item(5, 1), item(3, 0, 1)]);
    const stored = written(first);
    expect(stored).toEqual(
      new Map([
        ['Mark,t/0', '5,1'],
        ['Mark,t/1', '3,0'],
      ]),
    );
    expect(take(createMarks(), stored, [item(5, 1), item(3, 0, 1), item(5, 2), item(4, 0, 1)])).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test('are asked for once, whatever they were found to be', () => {
    const marks = createMarks();
    expect(marks.missing([item(1), item(2), item(1, 0, 1)])).toEqual(['Mark,t/0', 'Mark,t/1']);
    marks.fill(['Mark,t/0', 'Mark,t/1'], ['1,0', null]);
    expect(marks.missing([item(3), item(3, 0, 1)])).toEqual([]);
  });

  test('are written when they changed, and once', () => {
    const marks = createMarks();
    take(marks, new Map([['Mark,t/0', '7,0']]), [item(6), item(1, 0, 1), item(2, 0, 1)]);
    expect(marks.dirtyFields).toBe(1);
    expect(marks.dirtyBytes).toBeGreaterThan('Mark,t/1'.length + '2,0'.length);
    expect(written(marks)).toEqual(new Map([['Mark,t/1', '2,0']]));
    expect(marks.dirtyFields + marks.dirtyBytes).toBe(0);
    expect(written(marks)).toEqual(new Map());
    marks.accept(item(8));
    expect(written(marks)).toEqual(new Map([['Mark,t/0', '8,0']]));
  });

  test('say nothing of a record without an origin', () => {
    const marks = createMarks();
    const without: Item = { ...item(1), origin: null };
    expect(take(marks, NOTHING, [without, without])).toEqual([true, true]);
    expect(marks.dirtyFields).toBe(0);
  });

  test('that cannot be read stop the unit, naming the remedy', () => {
    const marks = createMarks();
    expect(() => marks.fill(['Mark,t/0'], ['seven'])).toThrow(
      expect.objectContaining({ code: 'UNIT_STOPPED', message: expect.stringContaining('empty the unit') }),
    );
  });
});
