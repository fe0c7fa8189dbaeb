import { afterEach, describe, expect, test } from '@jest/globals';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { collect } from '../support/collect.ts';
import { at, type HistoryHouse, openHistoryHouse, openTrimmedHistory } from '../support/history-house.ts';

/** Records come out of the archive and the log as one sequence, exactly as the log held them. */

let house: HistoryHouse;
afterEach(() => house.remove());

async function open(...given: Parameters<typeof openTrimmedHistory>): Promise<void> {
  house = await openTrimmedHistory(...given);
}

const offsetsOf = (records: readonly LogRecord[]): readonly number[] => records.map(({ offset }) => offset);
const archived = async (from: number): Promise<LogRecord[]> => collect(house.history.archived(at, from));

describe('the archived records', () => {
  test('are those of the log, up to the object after which the log has the next', async () => {
    await open(
      100,
      [
        [0, 29],
        [30, 59],
        [60, 89],
      ],
      40,
    );
    expect(await archived(0)).toEqual(house.all.slice(0, 60));
    expect(house.objectsRead()).toBe(2);
  });

  test('begin in the middle of an object', async () => {
    await open(
      60,
      [
        [0, 19],
        [20, 39],
      ],
      40,
    );
    for (const from of [0, 1, 19, 20, 27, 39])
      expect(await archived(from)).toEqual(house.all.slice(from, 40));
  });

  test('are none when the log has the next, and the archive is not asked', async () => {
    await open(30, [[0, 19]], 10, {
      archive: () => ({ listFolders: () => Promise.reject(new Error('it was asked')) }),
    });
    for (const from of [10, 15, 30]) expect(await archived(from)).toEqual([]);
    expect(house.objectsRead()).toBe(0);
  });

  test('come in the order of offsets, whatever the broker clock did to the dates', async () => {
    house = openHistoryHouse();
    const dates = ['2031-01-01', '2026-03-01', '2026-03-01', '2026-02-01', '2031-01-01', '2026-03-01'];
    for (const date of dates) house.append(10, date);
    for (const [index] of dates.entries()) await house.put(10 * index, 10 * index + 9);
    house.fake.trim(at, 60);
    for (const from of [0, 5, 15, 25, 35, 45, 59])
      expect(await archived(from)).toEqual(house.all.slice(from));
    expect(await house.history.start(at)).toBe(0);
  });

  test('go on in the archive when records expire before they were read', async () => {
    await open(
      60,
      [
        [0, 9],
        [10, 39],
        [40, 49],
      ],
      5,
    );
    const offsets: number[] = [];
    for await (const records of house.history.archived(at, 0)) {
      offsets.push(...offsetsOf(records));
      house.fake.trim(at, 45);
    }
    expect(offsets).toEqual(offsetsOf(house.all.slice(0, 50)));
  });

  test('include what is archived while they are read', async () => {
    await open(60, [[0, 9]], 5);
    const offsets: number[] = [];
    for await (const records of house.history.archived(at, 0)) {
      offsets.push(...offsetsOf(records));
      if (offsets.length > 10) continue;
      await house.put(10, 29);
      await house.put(30, 49);
      house.fake.trim(at, 50);
    }
    expect(offsets).toEqual(offsetsOf(house.all.slice(0, 50)));
  });

  test('come in pages of bounded size, with one object in memory at a time', async () => {
    let unread = 0;
    await open(
      2_000,
      [
        [0, 899],
        [900, 1_999],
      ],
      2_000,
      {
        archive: (archive) => ({
          async get(name) {
            expect(unread).toBe(0);
            const found = await archive.get(name);
            unread = Number(found!.metadata.count);
            return found;
          },
        }),
      },
    );
    for await (const records of house.history.archived(at, 0)) {
      expect(records.length).toBeLessThanOrEqual(512);
      unread -= records.length;
    }
    expect(house.objectsRead()).toBe(2);
  });

  test('of other partitions are not among them', async () => {
    await open(20, [[0, 9]], 10);
    await house.archive.putIfAbsent(
      (await house.put(10, 19)).replace('+0+', '+1+').replace('00010.avro', '00003.avro'),
      Buffer.from('not ours'),
      {},
    );
    expect(await archived(0)).toEqual(house.all.slice(0, 10));
  });
});

describe('history starts', () => {
  test.each<[string, readonly (readonly [number, number])[], number, number]>([
    ['at 0, with the log', [], 0, 0],
    ['with the log, when nothing is archived', [], 12, 12],
    ['with the first object', [[0, 29]], 12, 0],
    [
      'with the first object that expiry left',
      [
        [10, 19],
        [20, 29],
      ],
      25,
      10,
    ],
    ['with the log, when it goes back further than the archive', [[10, 19]], 5, 5],
  ])('%s', async (_, objects, logStart, start) => {
    await open(30, objects, logStart);
    expect(await house.history.start(at)).toBe(start);
  });

  test('nowhere in a partition that is not there', async () => {
    await open(1, [], 0);
    const asked = house.history.start({ ...at, partition: 9 });
    await expect(asked).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
  });
});
