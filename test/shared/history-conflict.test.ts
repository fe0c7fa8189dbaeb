import { afterEach, describe, expect, test } from '@jest/globals';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { at, type HistoryHouse, openHistoryHouse } from '../support/history-house.ts';

/** A log that was made again under its old name is told from the one that was archived. */

let house: HistoryHouse;
afterEach(() => house.remove());

/** Of 100 records the first 60 are archived, and the log has lost those below an offset. */
async function open(logStart: number): Promise<void> {
  house = openHistoryHouse();
  house.append(100);
  for (let first = 0; first < 60; first += 10) await house.put(first, first + 9);
  house.fake.trim(at, logStart);
}

/** The same offsets, other records; the log has those from `start` on. */
function makeAgain(count: number, start = 0): void {
  house.fake.recreate(at.topic);
  const records = Array.from({ length: count }, (_, offset): LogRecord => {
    const timestamp = house.all.at(-1)!.timestamp + 1 + offset;
    return { offset, timestamp, key: null, value: Buffer.from(`new ${offset}`), headers: {} };
  });
  house.fake.append(at, records);
  house.fake.trim(at, start);
}

const conflict = (): Promise<string | null> => house.history.conflict(at);

describe('archive and log of one history do not conflict', () => {
  test.each([
    ['when the log holds everything', 0],
    ['when it begins in the archive', 35],
    ['when they have one record in common', 59],
    ['when it begins where the archive ends', 60],
    // Whoever reads what lies between them is told.
    ['when it begins after the archive', 70],
    ['when it has lost everything', 100],
  ])('%s', async (_, logStart) => {
    await open(logStart);
    expect(await conflict()).toBeNull();
  });

  test('when nothing is archived', async () => {
    house = openHistoryHouse();
    expect(await conflict()).toBeNull();
    house.append(10);
    expect(await conflict()).toBeNull();
  });

  test('when an object was put without its anchor', async () => {
    await open(0);
    const name = await house.put(60, 69);
    const { bytes, metadata } = (await house.archive.get(name))!;
    await house.archive.delete(name);
    const { anchor: _, ...others } = metadata;
    await house.archive.putIfAbsent(name, bytes, others);
    expect(await conflict()).toBeNull();
    makeAgain(100);
    expect(await conflict()).toMatch(/offset 69/);
  });
});

describe('a topic that was made again is noticed', () => {
  test.each([
    ['empty', 0, 0, /up to 59, beyond the end 0/],
    ['with fewer records than are archived', 59, 0, /up to 59, beyond the end 59/],
    ['with as many', 60, 0, /another record than the archive at offset 59/],
    ['with more', 200, 0, /another record than the archive at offset 59/],
    ['with a beginning that it has lost', 200, 40, /another record than the archive at offset 59/],
  ])('%s, with the remedy', async (_, count, start, fault) => {
    await open(30);
    makeAgain(count, start);
    const said = await conflict();
    expect(said).toMatch(fault);
    expect(said).toMatch(/test.events.essay\/0: the topic was made again.*new namespace.*restore the topic/);
  });

  test('where a clock that once ran ahead puts a former object under the last date', async () => {
    house = openHistoryHouse();
    house.append(20, '2030-01-01');
    house.append(40);
    for (const first of [0, 20]) await house.put(first, first + 19);
    house.fake.trim(at, 30);
    expect(await conflict()).toBeNull();
    makeAgain(60, 30);
    expect(await conflict()).toMatch(/offset 39/);
  });
});
