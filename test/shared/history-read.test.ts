import { afterEach, describe, expect, test } from '@jest/globals';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { collect } from '../support/collect.ts';
import { at, type HistoryHouse, openTrimmedHistory } from '../support/history-house.ts';

/** A range of history is read wherever its records are, whatever the log loses meanwhile. */

let house: HistoryHouse;
afterEach(() => house.remove());

async function open(...given: Parameters<typeof openTrimmedHistory>): Promise<void> {
  house = await openTrimmedHistory(...given);
}

const read = async (from: number, to: number, filter = {}): Promise<LogRecord[]> =>
  collect(house.history.read({ ...at, from, to }, filter));

describe('a range', () => {
  const objects = [
    [0, 29],
    [30, 59],
  ] as const;

  test('comes out of the archive, then out of the log', async () => {
    await open(100, objects, 40);
    for (const [from, to] of [
      [0, 100],
      [10, 95],
      [0, 30],
      [12, 13],
      [35, 50],
      [59, 61],
      [70, 90],
    ] as const)
      expect(await read(from, to)).toEqual(house.all.slice(from, to));
    expect(await read(20, 20)).toEqual([]);
  });

  test('is filtered by time and by key, from archive and log alike', async () => {
    await open(100, objects, 40);
    const [since, until] = [house.all[10]!.timestamp, house.all[80]!.timestamp];
    expect(await read(0, 100, { since, until })).toEqual(house.all.slice(10, 80));
    const keys = new Set(['key-1', 'key-2']);
    const ofKeys = house.all.filter(({ key }) => key !== null && keys.has(key.toString()));
    expect(await read(0, 100, { keys })).toEqual(ofKeys);
    expect(await read(0, 100, { keys, since, until })).toEqual(
      ofKeys.filter(({ offset }) => offset >= 10 && offset < 80),
    );
    for await (const records of house.history.read({ ...at, from: 0, to: 100 }, { keys: new Set(['key-9']) }))
      expect(records).toEqual('never empty');
  });

  test('goes back to the archive when the log loses what was not read yet', async () => {
    await open(100, [...objects, [60, 89]], 20);
    const found: LogRecord[] = [];
    for await (const records of house.history.read({ ...at, from: 20, to: 100 })) {
      found.push(...records);
      if (found.length > 10) house.fake.trim(at, 70);
    }
    expect(found).toEqual(house.all.slice(20));
  });

  test('goes back to the archive when the log passes over what it has lost', async () => {
    await open(100, [...objects, [60, 89]], 20, {
      log: (log) => ({
        async *read(range) {
          house.fake.trim(at, 50);
          yield* log.read({ ...range, from: Math.max(range.from, 50) });
        },
      }),
    });
    expect(await read(20, 100)).toEqual(house.all.slice(20));
  });

  test('goes back to the archive when the log has lost all that was left of it', async () => {
    await open(100, [...objects, [60, 89]], 20, {
      log: (log) => ({
        async *read(range) {
          for await (const records of log.read(range)) {
            yield records;
            house.fake.trim(at, 90);
            return;
          }
        },
      }),
    });
    expect(await read(20, 80)).toEqual(house.all.slice(20, 80));
  });

  test('may have offsets that the log uses itself', async () => {
    await open(50, [], 0, {
      log: (log) => ({
        async *read(range) {
          for await (const page of log.read(range)) {
            const records = page.filter(({ offset }) => offset % 10 !== 0);
            if (records.length > 0) yield records;
          }
        },
      }),
    });
    expect(await read(0, 50)).toEqual(house.all.filter(({ offset }) => offset % 10 !== 0));
  });

  test('beyond the end of the log is refused', async () => {
    await open(50, objects.slice(0, 1), 20);
    await expect(read(0, 51)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  });
});
