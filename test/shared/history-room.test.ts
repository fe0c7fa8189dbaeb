import { afterEach, describe, expect, test } from '@jest/globals';
import type { Waiter } from '../../services/shared/archive/object-room.ts';
import { MAX_OBJECT_BYTES } from '../../services/shared/archive/object-rules.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { collect } from '../support/collect.ts';
import { at, type HistoryHouse, openHistoryHouse } from '../support/history-house.ts';
import { waitFor } from '../support/wait.ts';

/** Of all archive objects that readings of one history hold, no more are in memory than one of the largest size. */

let house: HistoryHouse;
afterEach(() => house.remove());

/** Objects that count for half of what there is room for, of a log that has lost them. */
async function open(
  faults: (archive: ArchiveStore) => Partial<ArchiveStore> = () => ({}),
): Promise<{ reads: string[] }> {
  const reads: string[] = [];
  house = openHistoryHouse({
    archive: (archive) => ({
      async *list(options) {
        for await (const page of archive.list(options))
          yield page.map((entry) => ({ ...entry, sizeBytes: MAX_OBJECT_BYTES / 2 }));
      },
      async get(name) {
        reads.push(name);
        return await archive.get(name);
      },
      ...faults(archive),
    }),
  });
  house.append(100);
  for (let first = 0; first < 60; first += 20) await house.put(first, first + 19);
  house.fake.trim(at, 60);
  return { reads };
}

function createWaiter() {
  const seen = { told: [] as (string | null)[], wanted: true };
  const waiter: Waiter = { wanted: () => seen.wanted, waits: (what) => void seen.told.push(what) };
  return { ...waiter, seen };
}

const isWaiting = ({ seen }: ReturnType<typeof createWaiter>): Promise<unknown> =>
  waitFor(() => seen.told.length > 0, { message: 'it waits' });

/** A reading that has its first page in hand. */
async function begin(from = 0) {
  const reading = house.history.archived(at, from, createWaiter())[Symbol.asyncIterator]();
  await reading.next();
  return reading;
}

describe('readings of history', () => {
  test('wait for one another, say so, and come to the same', async () => {
    const { reads } = await open();
    const [first, second] = [await begin(), await begin()];
    const waiter = createWaiter();
    const third = collect(house.history.archived(at, 0, waiter));
    await isWaiting(waiter);
    expect(reads).toHaveLength(2);
    await first.return?.();
    expect(await third).toEqual(house.all.slice(0, 60));
    expect(waiter.seen.told.at(-1)).toBeNull();
    await second.return?.();
  });

  test('give back the room of every object that they pass', async () => {
    await open();
    const readings = [0, 0, 0, 10, 20, 30, 59].map((from) =>
      collect(house.history.archived(at, from, createWaiter())),
    );
    for (const records of await Promise.all(readings)) expect(records.at(-1)!.offset).toBe(59);
  });

  test('give it back when the archive fails them, or an object is broken', async () => {
    let fault: 'away' | 'other' | null = 'away';
    await open((archive) => ({
      async get(name) {
        if (fault === 'away') throw new Error('away');
        const found = await archive.get(name);
        return fault === 'other' ? { ...found!, bytes: Buffer.from('other') } : found;
      },
    }));
    for (fault of ['away', 'other'] as const)
      for (let times = 0; times < 3; times++)
        await expect(collect(house.history.archived(at, 0, createWaiter()))).rejects.toThrow();
    fault = null;
    expect(await collect(house.history.archived(at, 0, createWaiter()))).toHaveLength(60);
  });

  test('that nobody wants any more while they wait read nothing', async () => {
    const { reads } = await open();
    const held = [await begin(), await begin()];
    const waiter = createWaiter();
    const third = collect(house.history.archived(at, 0, waiter));
    await isWaiting(waiter);
    waiter.seen.wanted = false;
    const failed = expect(third).rejects.toThrow('nobody');
    for (const reading of held) await reading.return?.();
    await failed;
    expect(reads).toHaveLength(2);
  });

  test('that cannot wait are not kept waiting', async () => {
    await open();
    const held = [await begin(), await begin()];
    expect(await collect(house.history.archived(at, 0))).toHaveLength(60);
    for (const reading of held) await reading.return?.();
  });
});
