import { describe, expect, test } from '@jest/globals';
import type { LogRecord } from '../../services/shared/log/port.ts';
import type { DecodedEvent } from '../../services/worker/decode.ts';
import { createSharedDecoder } from '../../services/worker/shared-decoder.ts';

const record = (offset: number): LogRecord => ({
  offset,
  timestamp: 1,
  key: null,
  value: Buffer.alloc(1),
  headers: {},
});

function counted() {
  const decoded: [offset: number, isForOne: boolean][] = [];
  const released: number[] = [];
  const decoder = createSharedDecoder(({ offset }, isForOne) => {
    decoded.push([offset, isForOne]);
    return { kind: 'ok', offset, release: () => void released.push(offset) } as unknown as DecodedEvent;
  });
  return { decoder, decoded, released };
}

describe('readers of a batch', () => {
  test('decode a record once between them, and let it go when the last of them is through', () => {
    const { decoder, decoded, released } = counted();
    const records = [0, 1, 2].map(record);
    const readers = [1, 2].map(() => decoder.open({ records, readers: 2 }, 1));
    for (const reader of readers)
      records.forEach((one, index) => {
        expect(reader.decode(one, index).offset).toBe(index);
      });
    expect(decoded).toEqual([0, 1, 2].map((offset) => [offset, false]));
    readers[0]!.release();
    expect(released).toEqual([]);
    readers[1]!.release();
    expect(released).toEqual([0, 1, 2]);
  });

  test('share nothing with those of another batch with the same offsets', () => {
    const { decoder, decoded } = counted();
    for (const records of [[record(5)], [record(5)]])
      decoder.open({ records, readers: 2 }, 1).decode(records[0]!, 0);
    expect(decoded).toHaveLength(2);
  });

  test('that are alone share with nobody, and their only reducer may have the event itself', () => {
    const { decoder, decoded, released } = counted();
    const records = [record(0)];
    for (const reducers of [1, 2]) {
      const reader = decoder.open({ records }, reducers);
      reader.decode(records[0]!, 0);
      reader.release();
    }
    expect(decoded).toEqual([
      [0, true],
      [0, false],
    ]);
    expect(released).toEqual([0, 0]);
  });
});
