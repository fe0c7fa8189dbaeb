import { describe, expect, test } from '@jest/globals';
import type { LogRecord } from '../../services/shared/log/port.ts';
import type { DecodedRecord } from '../../services/worker/decode.ts';
import { createSharedDecoder } from '../../services/worker/shared-decoder.ts';

const at = { topic: 't', partition: 0 };
const record = (offset: number, bytes = 10, timestamp = 1): LogRecord => ({
  offset,
  timestamp,
  key: null,
  value: Buffer.alloc(bytes),
  headers: {},
});

function counted(maxBytes = 1_000) {
  const decoded: number[] = [];
  const decoder = createSharedDecoder(({ offset, timestamp }): DecodedRecord => {
    decoded.push(offset);
    return { kind: 'deadLetter', offset, timestamp, reason: 'r' };
  }, maxBytes);
  return { decoder, decoded };
}

describe('readers of one partition', () => {
  test('decode a record once between them', () => {
    const { decoder, decoded } = counted();
    const [first, second] = [decoder.open(at, 1), decoder.open(at, 1)];
    for (const offset of [0, 1, 2]) first.decode(record(offset));
    for (const offset of [0, 1, 2]) expect(second.decode(record(offset)).offset).toBe(offset);
    expect(decoded).toEqual([0, 1, 2]);
  });

  test('share nothing with those of another partition', () => {
    const { decoder, decoded } = counted();
    for (const partition of [0, 1]) {
      decoder.open({ ...at, partition }, 1);
      decoder.open({ ...at, partition }, 1).decode(record(5));
    }
    expect(decoded).toEqual([5, 5]);
  });

  test('never get another record for the one that they read', () => {
    const { decoder, decoded } = counted(1_000_000);
    const [first, second] = [decoder.open(at, 1), decoder.open(at, 1)];
    first.decode(record(0));
    first.decode(record(8_192));
    expect(second.decode(record(0)).offset).toBe(0);
    expect(second.decode(record(0, 10, 2)).timestamp).toBe(2);
    expect(decoded).toEqual([0, 8_192, 0, 0]);
  });

  test('keep no more than they may', () => {
    const { decoder, decoded } = counted(100);
    const [first, second] = [decoder.open(at, 1), decoder.open(at, 1)];
    for (let offset = 0; offset < 30; offset++) first.decode(record(offset));
    for (let offset = 0; offset < 30; offset++) second.decode(record(offset));
    expect(decoded.length).toBeGreaterThan(50);
  });

  test('that are alone keep nothing', () => {
    const { decoder, decoded } = counted();
    const [first] = [decoder.open(at, 1), decoder.open(at, 1)];
    decoder.close(at);
    first!.decode(record(0));
    first!.decode(record(0));
    expect(decoded).toEqual([0, 0]);
  });
});
