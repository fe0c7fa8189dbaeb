import { afterEach, describe, expect, test } from '@jest/globals';
import { newErasure } from '../../services/shared/erasing/new-erasure.ts';
import { ERASED_FIELD } from '../../services/shared/erasing/unit-mark.ts';
import type { Worker } from '../../services/worker/worker.ts';
import { collect } from '../support/collect.ts';
import { eventRecord, type TestEvent } from '../support/events.ts';
import { createMemoryState } from '../support/memory-state.ts';
import { counting, TEST_SOURCE, testModule } from '../support/module.ts';
import { waitFor } from '../support/wait.ts';
import {
  closeHouses,
  decide,
  type House,
  openHouse,
  reached,
  startWorker,
  stored,
  unit,
} from '../support/worker-house.ts';

afterEach(closeHouses);

const SALT = '0'.repeat(32);
/** Of receipt, in microseconds: before it everything is erased. */
const BEFORE = 2_000;

type Sent = Partial<TestEvent> & { readonly student: string };

const send = async ({ log }: House, events: readonly Sent[]): Promise<void> => {
  const producer = await log.createProducer();
  const given = { namespace: 'test', source: TEST_SOURCE, receivedAt: 1_000 };
  await producer.send(events.map((event) => eventRecord({ ...given, ...event })));
};
const erase = (house: House, learner: string, before = BEFORE): Promise<void> =>
  decide(house, newErasure({ salt: SALT }, { learner, before, now: 1 }));
const isWithout = ({ state }: House, number: number): Promise<unknown> =>
  waitFor(async () => (await state.readMany(unit, [ERASED_FIELD]))[0] === String(number), {
    message: `the states are without erasure ${number}`,
  });
const entries = async (house: House): Promise<Record<string, string>> => {
  const all = await collect(house.state.entries(unit));
  return Object.fromEntries(all.map(({ field, value }) => [field, value]));
};
/** What a worker makes of the same log that finds an empty store. */
const madeAnew = async ({ log }: House, worker: Worker): Promise<Record<string, string>> => {
  await worker.stop();
  const fresh: House = { log, state: createMemoryState().store };
  await startWorker(fresh, testModule(counting));
  const [range] = await log.offsets(unit.topic);
  await reached(fresh.state, range!.end);
  return entries(fresh);
};
const numbered = (sequence: number): Partial<TestEvent> => ({ id: `id ${sequence}`, session: 's', sequence });

describe('a learner that is erased', () => {
  test('has no state any more, others have theirs, and nothing names the learner', async () => {
    const house = await openHouse();
    const worker = await startWorker(house, testModule(counting));
    await send(house, [{ student: 'bob', ...numbered(1) }, { student: 'ann' }, { student: 'bob' }]);
    await reached(house.state, 3);
    await erase(house, 'bob');
    await isWithout(house, 1);
    expect(await stored(house.state, 'bob')).toBeNull();
    expect(await stored(house.state, 'ann')).toEqual({ count: 1 });
    expect(JSON.stringify(await entries(house))).not.toContain('bob');
    expect(await entries(house)).toEqual(await madeAnew(house, worker));
  });

  test('begins anew with what is received later', async () => {
    const house = await openHouse();
    const worker = await startWorker(house, testModule(counting));
    await send(house, [{ student: 'bob' }, { student: 'bob' }]);
    await reached(house.state, 2);
    await erase(house, 'bob');
    await isWithout(house, 1);
    await send(house, [
      { student: 'bob', receivedAt: BEFORE },
      { student: 'bob', receivedAt: BEFORE - 1 },
    ]);
    await reached(house.state, 4);
    expect(await stored(house.state, 'bob')).toEqual({ count: 1 });
    expect(await entries(house)).toEqual(await madeAnew(house, worker));
  });

  test('keeps what was received later and folded before the erasure was known', async () => {
    const house = await openHouse();
    const worker = await startWorker(house, testModule(counting));
    await send(house, [
      { student: 'bob' },
      { student: 'bob', receivedAt: BEFORE },
      { student: 'ann' },
      { student: 'bob' },
    ]);
    await reached(house.state, 4);
    await erase(house, 'bob');
    await isWithout(house, 1);
    await reached(house.state, 4);
    expect(await stored(house.state, 'bob')).toEqual({ count: 1 });
    expect(await stored(house.state, 'ann')).toEqual({ count: 1 });
    expect(await entries(house)).toEqual(await madeAnew(house, worker));
  });

  test('counts for duplicates: what comes again does not come back', async () => {
    const house = await openHouse();
    const worker = await startWorker(house, testModule(counting));
    await send(house, [
      { student: 'bob', id: 'once' },
      { student: 'bob', ...numbered(7) },
    ]);
    await reached(house.state, 2);
    await erase(house, 'bob');
    await isWithout(house, 1);
    const later = { student: 'bob', receivedAt: BEFORE };
    await send(house, [
      { ...later, id: 'once' },
      { ...later, ...numbered(7), id: 'another id' },
      { ...later, ...numbered(8) },
      { ...later, ...numbered(8), id: 'yet another' },
    ]);
    await reached(house.state, 6);
    expect(await stored(house.state, 'bob')).toEqual({ count: 1 });
    expect(await entries(house)).toEqual(await madeAnew(house, worker));
  });

  test('has no open dead letters, and others have theirs', async () => {
    const house = await openHouse();
    const failing = testModule(() => {
      throw new Error('the text of bob');
    });
    await startWorker(house, failing);
    await send(house, [{ student: 'bob' }, { student: 'ann' }]);
    await reached(house.state, 2);
    await erase(house, 'bob');
    await isWithout(house, 1);
    expect(await house.state.deadLetterKeys(unit)).toEqual([{ reducer: 'm.r', offset: 1 }]);
  });

  test('is erased from what is stored while nothing runs, when a worker claims it', async () => {
    const house = await openHouse();
    const worker = await startWorker(house, testModule(counting));
    await send(house, [{ student: 'bob' }, { student: 'ann' }]);
    await reached(house.state, 2);
    await worker.stop();
    await erase(house, 'bob');
    await erase(house, 'cleo');
    await startWorker(house, testModule(counting));
    await isWithout(house, 2);
    expect(await stored(house.state, 'bob')).toBeNull();
    expect(await stored(house.state, 'ann')).toEqual({ count: 1 });
  });

  test('again, up to a later time, loses what came in between', async () => {
    const house = await openHouse();
    const worker = await startWorker(house, testModule(counting));
    await send(house, [{ student: 'bob', ...numbered(1) }]);
    await reached(house.state, 1);
    await erase(house, 'bob');
    await isWithout(house, 1);
    await send(house, [{ student: 'bob', ...numbered(2), receivedAt: BEFORE + 5 }]);
    await reached(house.state, 2);
    await erase(house, 'bob', BEFORE + 10);
    await isWithout(house, 2);
    expect(await stored(house.state, 'bob')).toBeNull();
    expect(await entries(house)).toEqual(await madeAnew(house, worker));
    expect(Object.keys(await entries(house)).filter((field) => field.startsWith('Session,'))).toHaveLength(1);
  });
});
