import { afterEach, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { History } from '../../services/shared/history/port.ts';
import { controlTopic, rekeyTopic } from '../../services/shared/topics.ts';
import { eventRecord } from '../support/events.ts';
import { counting, countingByGroup, TEST_SOURCE, testModule } from '../support/module.ts';
import { waitFor } from '../support/wait.ts';
import {
  closeHouses,
  decide,
  logAlone,
  openHouse,
  reached,
  send,
  startWorker,
  topic,
  unit,
} from '../support/worker-house.ts';

/** What only a person can mend keeps no process from being ready: a restart would not help, and others have work. */

afterEach(closeHouses);

test('a module that is paused stands still, and says how it goes on', async () => {
  const house = await openHouse();
  const worker = await startWorker(house, testModule(counting));
  await waitFor(() => worker.notReady().length === 0, { message: 'it is ready' });
  const pause = { kind: 'module-switch', module: 'm', reason: 'tired' } as const;
  await decide(house, { ...pause, paused: true });
  const line = `m.v1 ${topic}/0: paused: tired; to go on: lectern modules resume m`;
  await waitFor(() => worker.degraded().includes(line), { message: 'it says so' });
  expect(worker.notReady()).toEqual([]);
  await decide(house, { ...pause, paused: false });
  await send(house.log, ['a']);
  await reached(house.state, 1);
  expect([...worker.notReady(), ...worker.degraded()]).toEqual([]);
});

test('a worker all of whose units stopped is ready, and names them', async () => {
  const house = await openHouse();
  await house.state.claim(unit, 't', { formatVersion: 2, partitions: 4, reducersHash: 'h' }, 0);
  const worker = await startWorker(house, testModule(counting));
  await waitFor(() => worker.degraded().some((line) => /stopped: .*new namespace/.test(line)));
  expect(worker.notReady()).toEqual([]);
});

test('a unit that waits for one that stopped stands still with it', async () => {
  const house = await openHouse();
  const rekey = rekeyTopic('test', 'm.v1');
  await house.log.ensureTopics([{ name: rekey, partitions: 1 }]);
  const producer = await house.log.createProducer();
  const record = eventRecord({ namespace: 'test', source: TEST_SOURCE, student: 'a', fields: {} });
  await producer.send([{ ...record, topic: rekey }]);
  const facts = { formatVersion: 2, partitions: 4, reducersHash: 'h' };
  await house.state.claim({ ...unit, topic: rekey }, 't', facts, 0);
  const worker = await startWorker(house, countingByGroup());
  await waitFor(() => worker.degraded().length === 2, { message: 'both stand still' });
  expect(worker.degraded().join()).toMatch(/waits for .*rebuilt first: 0 of 1/);
  expect(worker.notReady()).toEqual([]);
});

test('a worker that cannot claim its units for now is not ready', async () => {
  const house = await openHouse();
  const claim = async (): Promise<never> => {
    throw new Error('the store is away');
  };
  const worker = await startWorker(house, testModule(counting), { claim });
  await waitFor(() => worker.notReady().some((line) => line.includes('the store is away')));
  expect(worker.degraded()).toEqual([]);
});

test('units stop where what was decided is lost, and go on when it is there again', async () => {
  const house = await openHouse();
  await send(house.log, ['a']);
  const whole = logAlone(house.log);
  let start = 7;
  const history: History = {
    ...whole,
    start: async (at) => (at.topic === controlTopic('test') ? start : whole.start(at)),
  };
  const registry = new Registry();
  const worker = await startWorker(house, testModule(counting), {}, {}, { history, registry });
  await waitFor(() => worker.degraded().some((line) => /stopped: offsets 0 to 6 of test.control/.test(line)));
  expect(worker.notReady()).toEqual([]);
  expect(await registry.metrics()).toContain('lectern_units{module="m.v1",state="stopped"} 1');
  expect((await house.state.position(unit))?.next ?? null).toBeNull();
  start = 0;
  await reached(house.state, 1);
  expect([...worker.notReady(), ...worker.degraded()]).toEqual([]);
});
