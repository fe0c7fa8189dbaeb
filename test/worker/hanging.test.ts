import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { type Clock, systemClock } from '../../services/shared/clock.ts';
import type { ConsumerHandlers, EventLog } from '../../services/shared/log/port.ts';
import { moduleGroup } from '../../services/shared/topics.ts';
import type { Worker } from '../../services/worker/worker.ts';
import { counting, testModule } from '../support/module.ts';
import { waitFor } from '../support/wait.ts';
import {
  closeHouses,
  openHouse,
  reached,
  send,
  startWorker,
  stored,
  topic,
  unit,
} from '../support/worker-house.ts';

afterEach(closeHouses);

const LONG_MS = 3_600_000;
const FASTER = 50;

/** A minute in about a second. */
const fastClock: Clock = (() => {
  const startedAt = Date.now();
  return {
    now: () => startedAt + FASTER * (Date.now() - startedAt),
    sleep: (ms) => systemClock.sleep(ms / FASTER),
    every(ms, action) {
      // Nobody waits for a budget of hours that is still being counted when a test ends.
      const timer = setInterval(action, ms / FASTER).unref();
      return () => clearInterval(timer);
    },
  };
})();

const never = <T>(): Promise<T> => new Promise(() => undefined);

/** Counts, and hangs at events that say so, until it is let go. */
function hangingModule() {
  const seen = { hung: 0, hangs: true };
  const module = testModule((event, state: { count: number }) => {
    if (event.client.hang !== true || !seen.hangs) return counting(event, state);
    seen.hung += 1;
    return never();
  });
  return { module, seen, isHung: () => waitFor(() => seen.hung === 1, { message: 'it hangs' }) };
}

/** Another member of the worker's group, for which it is rebalanced. */
async function joinGroup(log: EventLog): Promise<() => Promise<void>> {
  const consumer = log.createConsumer({ groupId: moduleGroup('test', 'm.v1'), topics: [topic] });
  await consumer.run({
    assigned: () => undefined,
    revoked: () => undefined,
    batch: async () => undefined,
    caughtUp: () => undefined,
    outOfRange: () => undefined,
    failed: () => undefined,
  });
  return () => consumer.stop();
}

const folded = (registry: Registry, count: number): Promise<unknown> =>
  waitFor(
    async () => (await registry.metrics()).includes(`lectern_worker_events_total{module="m.v1"} ${count}`),
    {
      message: `${count} events are folded`,
    },
  );

const says = (worker: Worker, what: RegExp): Promise<unknown> =>
  waitFor(() => [...worker.notReady(), ...worker.degraded()].some((line) => what.test(line)), {
    message: `it says ${what}`,
  });

describe('a worker', () => {
  test('stops in time though a reducer hangs, and stores what was folded before', async () => {
    const house = await openHouse();
    const { module, isHung } = hangingModule();
    const worker = await startWorker(house, module, {}, { budgetMs: LONG_MS }, { clock: fastClock });
    await send(house.log, ['a', 'a']);
    await reached(house.state, 2);
    await send(house.log, ['a'], { hang: true });
    await isHung();
    await worker.stop();
    expect(await stored(house.state, 'a')).toEqual({ count: 2 });
    // Nothing of the event is stored, so whoever has the unit next folds it.
    await startWorker(house, testModule(counting));
    await reached(house.state, 3);
  });

  test('stops in the middle of a long batch, and stores how far it got', async () => {
    const house = await openHouse();
    let calls = 0;
    const slow = testModule(async (event, state: { count: number }) => {
      calls += 1;
      await systemClock.sleep(20);
      return counting(event, state);
    });
    const limits = { checkpointMs: 60_000 };
    const worker = await startWorker(house, slow, {}, limits);
    await send(
      house.log,
      Array.from({ length: 500 }, () => 'a'),
    );
    await waitFor(() => calls > 5, { message: 'it is in the middle' });
    await worker.stop();
    const { next } = (await house.state.position(unit))!;
    expect(next).toBe(calls);
    expect(next).toBeLessThan(500);
    expect(await stored(house.state, 'a')).toEqual({ count: calls });
  });

  test('stores what is folded when its group rebalances, however rarely it does else', async () => {
    const house = await openHouse();
    const registry = new Registry();
    // Without ticks nothing else would store it.
    const clock = { ...systemClock, every: () => () => undefined };
    await startWorker(house, testModule(counting), {}, { checkpointMs: 60_000 }, { registry, clock });
    await send(house.log, ['a', 'b']);
    await folded(registry, 2);
    const leave = await joinGroup(house.log);
    await reached(house.state, 2);
    await leave();
  });

  test('lets go of what hangs when its group rebalances, and folds on', async () => {
    const house = await openHouse();
    const { module, seen, isHung } = hangingModule();
    let group: ConsumerHandlers | undefined;
    const log: EventLog = {
      ...house.log,
      createConsumer(options) {
        const consumer = house.log.createConsumer(options);
        if (!options.topics.includes(topic)) return consumer;
        const run = (handlers: ConsumerHandlers): Promise<void> => {
          group = handlers;
          return consumer.run(handlers);
        };
        return { ...consumer, run };
      },
    };
    const limits = { budgetMs: LONG_MS };
    const worker = await startWorker({ ...house, log }, module, {}, limits, { clock: fastClock });
    await send(house.log, ['a', 'a']);
    await reached(house.state, 2);
    await send(house.log, ['a'], { hang: true });
    await isHung();
    seen.hangs = false;
    group!.revoked();
    await says(worker, /could not be stored/);
    group!.assigned([{ topic, partition: 0 }]);
    await reached(house.state, 3);
    expect(await stored(house.state, 'a')).toEqual({ count: 3 });
    expect(worker.notReady()).toEqual([]);
  });

  test.each(['claim', 'readMany', 'deadLetterKeys'] as const)(
    'names a unit whose store does not answer to %s, and claims it anew',
    async (name) => {
      const house = await openHouse();
      await send(house.log, ['a']);
      const registry = new Registry();
      let hung = false;
      const call = house.state[name] as (...args: never[]) => Promise<unknown>;
      const given = {
        [name](...args: never[]) {
          if (hung) return call(...args);
          hung = true;
          return never();
        },
      };
      await startWorker(
        house,
        testModule(counting),
        given,
        { budgetMs: 10_000 },
        { clock: fastClock, registry },
      );
      await waitFor(() => hung, { message: 'it hangs' });
      expect(await house.state.position(unit).then((position) => position?.next ?? null)).toBeNull();
      await reached(house.state, 1);
      expect(await stored(house.state, 'a')).toEqual({ count: 1 });
      expect(await registry.metrics()).toContain('lectern_worker_unit_restarts_total{module="m.v1"} 1');
    },
  );

  test('names a unit of which the store takes no checkpoint, though it is claimed and folds', async () => {
    const house = await openHouse();
    await send(house.log, ['a']);
    const checkpoint = () => Promise.reject(new Error('it is full'));
    const worker = await startWorker(house, testModule(counting), { checkpoint }, {}, { clock: fastClock });
    await says(worker, /has stored nothing for \d+ s.* it is full; see that the store/);
  });

  test('stops its units when partitions are added to their topic, without being started anew', async () => {
    const house = await openHouse();
    let count = 1;
    const log: EventLog = { ...house.log, partitionCount: async () => count };
    const worker = await startWorker({ ...house, log }, testModule(counting));
    await send(house.log, ['a']);
    await reached(house.state, 1);
    count = 2;
    const leave = await joinGroup(house.log);
    await says(worker, /stopped: .*partitions.*new namespace/);
    await send(house.log, ['a']);
    expect((await house.state.position(unit))?.next).toBe(1);
    await leave();
  });

  test('tells the lag of a unit that is stopped', async () => {
    const house = await openHouse();
    await send(house.log, ['a', 'a', 'a']);
    await house.state.claim(unit, 't', { formatVersion: 2, partitions: 4, reducersHash: 'h' }, 0);
    const registry = new Registry();
    const worker = await startWorker(house, testModule(counting), {}, {}, { registry });
    await says(worker, /stopped/);
    await waitFor(async () => /kafka_consumergroup_lag{.*} 3/.test(await registry.metrics()), {
      message: 'the lag is told',
    });
    expect(await registry.metrics()).toContain('lectern_units{module="m.v1",state="stopped"} 1');
  });
});

test('a takeover is what another process had, not a first claim', async () => {
  const house = await openHouse();
  const takeovers = async (registry: Registry): Promise<number> =>
    Number(/takeover_seconds_count{.*} (\d+)/.exec(await registry.metrics())?.[1] ?? 0);
  const first = new Registry();
  const before = await startWorker(house, testModule(counting), {}, {}, { registry: first });
  await send(house.log, ['a']);
  await reached(house.state, 1);
  const leave = await joinGroup(house.log);
  await send(house.log, ['a']);
  await reached(house.state, 2);
  await leave();
  expect(await takeovers(first)).toBe(0);
  await before.stop();
  const second = new Registry();
  await startWorker(house, testModule(counting), {}, {}, { registry: second });
  await send(house.log, ['a']);
  await reached(house.state, 3);
  await waitFor(async () => (await takeovers(second)) === 1, { message: 'the takeover is told' });
});
