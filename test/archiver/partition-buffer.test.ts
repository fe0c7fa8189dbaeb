import { expect, test } from '@jest/globals';
import { createPartitionBuffer } from '../../services/archiver/partition-buffer.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';

const records = (...offsets: number[]): LogRecord[] =>
  offsets.map((offset) => ({ offset, timestamp: 1_000 + offset, key: null, value: null, headers: {} }));
const offsetsOf = (some: readonly LogRecord[]): number[] => some.map(({ offset }) => offset);
const ALL = Number.POSITIVE_INFINITY;

test('records that were had before are left out', () => {
  const buffer = createPartitionBuffer();
  buffer.restart(5);
  expect(buffer.append(records(3, 4, 5, 6), 0)).toBeNull();
  expect(buffer.append(records(4, 5), 0)).toBeNull();
  expect(offsetsOf(buffer.head(ALL))).toEqual([5, 6]);
  expect(buffer.next).toBe(7);
});

test('a gap is told, between batches and within one, and what follows it is not taken', () => {
  const buffer = createPartitionBuffer();
  expect(buffer.append(records(0, 1, 3), 0)).toEqual({ from: 2, to: 3 });
  expect(buffer.append(records(9), 0)).toEqual({ from: 2, to: 9 });
  expect(offsetsOf(buffer.head(ALL))).toEqual([0, 1]);
});

test('the size is that of what is held, whatever was put and dropped', () => {
  const buffer = createPartitionBuffer();
  const [value, key] = [Buffer.alloc(1_000), Buffer.alloc(10)];
  const headers = { four: Buffer.alloc(6) };
  buffer.append(records(0), 0);
  const empty = buffer.sizeBytes;
  buffer.append([{ ...records(1)[0]!, value, key, headers }], 0);
  expect(buffer.sizeBytes).toBe(2 * empty + 1_020);
  buffer.dropThrough(0);
  expect(buffer.sizeBytes).toBe(empty + 1_020);
  buffer.dropThrough(7);
  expect(buffer.sizeBytes).toBe(0);
  expect(buffer.oldest).toBeNull();
});

test('the oldest record keeps the time at which it came, also when those before it are gone', () => {
  const buffer = createPartitionBuffer();
  buffer.append(records(0, 1), 50);
  buffer.append(records(2), 70);
  expect(buffer.oldest).toEqual({ bufferedAt: 50, timestamp: 1_000 });
  buffer.dropThrough(0);
  expect(buffer.oldest).toEqual({ bufferedAt: 50, timestamp: 1_001 });
  buffer.dropThrough(1);
  expect(buffer.oldest).toEqual({ bufferedAt: 70, timestamp: 1_002 });
});

test('what is buffered does not hold on to the fetch that it came in', () => {
  const fetched = Buffer.from('one two');
  const buffer = createPartitionBuffer();
  buffer.append([{ ...records(0)[0]!, value: fetched.subarray(0, 3) }], 0);
  fetched.fill('x');
  expect(String(buffer.head(ALL)[0]!.value)).toBe('one');
});
