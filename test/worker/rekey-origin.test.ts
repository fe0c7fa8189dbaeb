import { describe, expect, test } from '@jest/globals';
import { markField, readMark, writeMark } from '../../services/shared/rekey-mark.ts';
import { isAbove, originHeaders, originOf } from '../../services/worker/rekey-origin.ts';

const origin = { topic: 'n.events.org.test', partition: 7, offset: 9_007_199_254_740_991, n: 2 };

describe('the headers of a rekeyed record', () => {
  test('say where the event comes from', () => {
    expect(originOf(originHeaders(origin))).toEqual(origin);
    const first = { topic: 't', partition: 0, offset: 0, n: 0 };
    expect(originOf({ ...originHeaders(first), other: Buffer.from('x') })).toEqual(first);
  });

  test.each(['topic', 'partition', 'offset', 'n'])('say nothing without the %s', (name) => {
    const { [`lectern-origin-${name}`]: removed, ...rest } = originHeaders(origin);
    expect(removed).toBeDefined();
    expect(originOf(rest)).toBeNull();
  });

  test.each([
    ['topic', ''],
    ['partition', '-1'],
    ['partition', '1.5'],
    ['offset', '9007199254740993'],
    ['offset', '99999999999999999'],
    ['offset', ''],
    ['n', '0x1'],
    ['n', ' 1'],
  ])('say nothing with the %s "%s"', (name, text) => {
    expect(originOf({ ...originHeaders(origin), [`lectern-origin-${name}`]: Buffer.from(text) })).toBeNull();
  });
});

describe('a mark', () => {
  test('is read as it was written', () => {
    const mark = { offset: 12_345, n: 3 };
    expect(readMark(writeMark(mark))).toEqual(mark);
  });

  test.each(['', '1', '1,', ',1', '1,2,3', '-1,0', '1,x', ' 1,2', '{"offset":1,"n":2}'])(
    'is not "%s"',
    (text) => expect(readMark(text)).toBeNull(),
  );

  test('has what is later in the partition above it, and of one event what has a higher number', () => {
    const mark = { offset: 10, n: 1 };
    expect(isAbove({ offset: 0, n: 0 }, null)).toBe(true);
    expect(isAbove({ offset: 11, n: 0 }, mark)).toBe(true);
    expect(isAbove({ offset: 10, n: 2 }, mark)).toBe(true);
    expect(isAbove({ offset: 10, n: 1 }, mark)).toBe(false);
    expect(isAbove({ offset: 10, n: 0 }, mark)).toBe(false);
    expect(isAbove({ offset: 9, n: 5 }, mark)).toBe(false);
  });

  test('has a field for each partition of each topic', () => {
    expect(markField(origin)).toBe('Mark,n.events.org.test/7');
  });
});
