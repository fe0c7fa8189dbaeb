import { describe, expect, test } from '@jest/globals';
import { createBlobStanding } from '../../services/gateway/blob-standing.ts';
import { blobPlaces } from '../../services/shared/blobs.ts';
import type { Position } from '../../services/shared/state/port.ts';
import { until } from './support.ts';

const places = blobPlaces('test', [{ name: 'blobs', id: 'blobs.v1', version: 1 }], {
  activeVersion: () => null,
})!;
const BELOW = { target: null, caughtUpAt: null, completeAt: null, partitions: 1 };

/** A log whose answers a test gives, and a store whose position it sets. */
function start() {
  const questions: ((end: number | Error) => void)[] = [];
  const house = { position: null as Position | null, reads: 0, questions };
  const standing = createBlobStanding({
    places,
    pollMs: 1,
    log: {
      offsets: () =>
        new Promise((resolve, reject) =>
          questions.push((end) => {
            if (typeof end === 'number') resolve([{ partition: 0, start: 0, end }]);
            else reject(end);
          }),
        ),
    },
    state: {
      position: async () => {
        house.reads += 1;
        return house.position;
      },
    },
  });
  const tell = async (end: number | Error): Promise<void> => {
    await until(() => questions.length > 0, 'the log was asked');
    questions.shift()!(end);
  };
  const stand = (next: number | null, more: Partial<Position> = {}): void => {
    house.position = { ...BELOW, next, ...more };
  };
  return { standing, house, tell, stand };
}

describe('the end of the log', () => {
  test('is never one that was asked for before: a save that came between is seen', async () => {
    const { standing, house, tell } = start();
    const first = standing.end('a');
    const others = ['a', 'b', 'c'].map((student) => standing.end(student));
    expect(house.questions).toHaveLength(1);
    await tell(1);
    expect((await first).offset).toBe(1);
    await tell(2);
    for (const other of others) expect((await other).offset).toBe(2);
    expect(house.questions).toEqual([]);
    const last = standing.end('a');
    await tell(3);
    expect((await last).offset).toBe(3);
  });

  test('is asked for anew after it could not be told', async () => {
    const { standing, tell } = start();
    const [failing, next] = [standing.end('a'), standing.end('a')];
    await tell(new Error('the log is away'));
    await expect(failing).rejects.toThrow('the log is away');
    await tell(5);
    expect((await next).offset).toBe(5);
  });
});

describe('the states', () => {
  const end = { partition: 0, partitions: 1, offset: 7 };

  test.each([
    ['nobody claimed them', null],
    ['nothing was folded', { ...BELOW, next: null }],
    ['they are behind', { ...BELOW, next: 6 }],
    ['they are being rebuilt', { ...BELOW, next: 8, target: 9 }],
  ])('are waited for while %s', async (_what, position) => {
    const { standing, house, stand } = start();
    house.position = position;
    let reached = false;
    const waited = standing.reached(end, new AbortController().signal).then(() => {
      reached = true;
    });
    await until(() => house.reads > 3, 'the store was asked some times');
    expect(reached).toBe(false);
    stand(9, { target: 9 });
    await waited;
  });

  test('are asked for no more often for many than for one, and not at all for nobody', async () => {
    const { standing, house } = start();
    const leaving = Array.from({ length: 100 }, () => new AbortController());
    const all = leaving.map(({ signal }) => standing.reached(end, signal));
    for (const waited of all) waited.catch(() => undefined);
    expect(house.reads).toBe(1);
    for (const leave of leaving) leave.abort();
    for (const waited of all) await expect(waited).rejects.toThrow('aborted');
    const before = house.reads;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(house.reads - before).toBeLessThanOrEqual(1);
    await expect(standing.reached(end, leaving[0]!.signal)).rejects.toThrow('aborted');
  });

  test('are not taken for those of a topic with another number of partitions', async () => {
    const { standing, stand } = start();
    stand(7, { partitions: 2 });
    await expect(standing.reached(end, new AbortController().signal)).rejects.toThrow('counted anew');
  });

  test('were there, were lost, or are of another log', async () => {
    const { standing, house, stand, tell } = start();
    expect(await standing.check('a', end)).toBe('behind');
    stand(7);
    expect(await standing.check('a', end)).toBe('there');
    expect(house.questions).toEqual([]);
    stand(9);
    const later = standing.check('a', end);
    await tell(9);
    expect(await later).toBe('there');
    const gone = standing.check('a', end);
    await tell(8);
    expect(await gone).toBe('beyond');
  });
});
