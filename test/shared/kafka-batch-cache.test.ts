import { describe, expect, test } from '@jest/globals';
import { createBatchCache } from '../../services/shared/log/kafka-batch-cache.ts';

/** As a record batch has it: a checksum at byte 17, whatever stands around it. */
function batch(crc: number, text: string): Buffer {
  const bytes = Buffer.alloc(61 + text.length);
  bytes.writeInt32BE(crc, 17);
  bytes.write(text, 61);
  return bytes;
}

describe('what was parsed of a record batch', () => {
  test('is found by the same bytes, wherever they stand', () => {
    const cache = createBatchCache<string>(1_000);
    cache.add(batch(1, 'one'), 'parsed');
    expect(cache.find(batch(1, 'one'))).toBe('parsed');
    expect(cache.find(Buffer.concat([Buffer.alloc(5), batch(1, 'one')]).subarray(5))).toBe('parsed');
  });

  test('is not given for others, even of the same checksum', () => {
    const cache = createBatchCache<string>(1_000);
    cache.add(batch(1, 'one'), 'parsed');
    expect(cache.find(batch(2, 'one'))).toBeUndefined();
    expect(cache.find(batch(1, 'two'))).toBeUndefined();
    cache.add(batch(1, 'two'), 'other');
    expect(cache.find(batch(1, 'two'))).toBe('other');
    expect(cache.find(batch(1, 'one'))).toBeUndefined();
  });

  test('is kept within the bytes that may be, the newest', () => {
    const cache = createBatchCache<number>(10 * 64);
    for (let n = 0; n < 100; n++) cache.add(batch(n, 'abc'), n);
    const found = Array.from({ length: 100 }, (_, n) => cache.find(batch(n, 'abc'))).filter(
      (n) => n !== undefined,
    );
    expect(found).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
    for (let again = 0; again < 100; again++) cache.add(batch(99, 'abc'), again);
    expect(cache.find(batch(90, 'abc'))).toBe(90);
    cache.add(batch(200, 'x'.repeat(1_000)), 200);
    expect(cache.find(batch(200, 'x'.repeat(1_000)))).toBeUndefined();
  });

  test('is gone when all is cleared', () => {
    const cache = createBatchCache<string>(1_000);
    cache.add(batch(1, 'one'), 'parsed');
    cache.clear();
    expect(cache.find(batch(1, 'one'))).toBeUndefined();
  });
});
