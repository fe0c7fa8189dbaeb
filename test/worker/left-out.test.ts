import { afterEach, describe, expect, test } from '@jest/globals';
import { REQUEUE_REDUCER, requeueHeaders } from '../../services/shared/control/requeue-record.ts';
import type { OutgoingRecord } from '../../services/shared/log/port.ts';
import { controlTopic, deadLettersTopic } from '../../services/shared/topics.ts';
import { collect } from '../support/collect.ts';
import { eventRecord } from '../support/events.ts';
import { counting, TEST_SOURCE, testModule } from '../support/module.ts';
import { waitFor } from '../support/wait.ts';
import {
  closeHouses,
  type House,
  openHouse,
  reached,
  send,
  startWorker,
  stored,
  topic,
  unit,
} from '../support/worker-house.ts';

afterEach(closeHouses);

describe('a dead letter', () => {
  const isPoison = { poison: true };
  let fixed = false;
  const fixable = testModule((event, state: { count: number }) => {
    if (event.client.poison === true && !fixed) throw new Error('cannot');
    return counting(event, state);
  });
  const openKeys = async (house: House): Promise<unknown> => house.state.deadLetterKeys(unit);

  test('that is requeued is reduced at its new place, once, when the reducer can, and closed with it', async () => {
    fixed = false;
    const house = await openHouse();
    const first = await startWorker(house, fixable);
    await send(house.log, ['a']);
    await send(house.log, ['a'], isPoison);
    await reached(house.state, 2);
    const [page] = await collect(house.log.read({ topic, partition: 0, from: 1, to: 2 }));
    const { key, value } = page!;
    const again: OutgoingRecord = {
      topic,
      key: String(key),
      value: value!,
      partition: 0,
      headers: requeueHeaders({ module: 'm.v1', reducer: 'm.r', offset: 1 }),
    };
    const producer = await house.log.createProducer();
    await producer.send([again]);
    await reached(house.state, 3);
    expect(await openKeys(house)).toEqual([{ reducer: 'm.r', offset: 1 }]);
    await first.stop();
    fixed = true;
    await startWorker(house, fixable);
    await producer.send([again, again]);
    await reached(house.state, 5);
    expect(await stored(house.state, 'a')).toEqual({ count: 2 });
    expect(await openKeys(house)).toEqual([]);
  });

  test('is made of a state that cannot be stored, and its verdict leaves the event out of a replay', async () => {
    const house = await openHouse();
    const huge = testModule((event, state: { count: number }) =>
      event.client.poison === true ? { count: 'x'.repeat(20_000) } : counting(event, state),
    );
    const first = await startWorker(house, huge, {}, { maxStateBytes: 10_000 });
    await send(house.log, ['a']);
    await send(house.log, ['a'], isPoison);
    await reached(house.state, 2);
    expect(await stored(house.state, 'a')).toEqual({ count: 1 });
    expect(await openKeys(house)).toEqual([{ reducer: 'm.r', offset: 1 }]);
    await first.stop();
    const replayed = { ...house, state: (await openHouse()).state };
    // A replay that could store it comes to the same nevertheless.
    await startWorker(replayed, huge, {}, { maxStateBytes: 1_000_000 });
    await reached(replayed.state, 2);
    expect(await stored(replayed.state, 'a')).toEqual({ count: 1 });
    expect(await openKeys(replayed)).toEqual([{ reducer: 'm.r', offset: 1 }]);
  });

  test('is made of an event whose reducer never resolves; the next ones are reduced', async () => {
    const house = await openHouse();
    const hanging = testModule((event, state: { count: number }) =>
      event.client.poison === true ? new Promise(() => undefined) : counting(event, state),
    );
    await startWorker(house, hanging, {}, { budgetMs: 100 });
    await send(house.log, ['a'], isPoison);
    await send(house.log, ['a']);
    await reached(house.state, 2);
    expect(await stored(house.state, 'a')).toEqual({ count: 1 });
    expect(await openKeys(house)).toEqual([{ reducer: 'm.r', offset: 0 }]);
  });
});

describe('a verdict on a state', () => {
  test('tells the control topic nothing that is in the state; the dead letter does', async () => {
    const house = await openHouse();
    const named = testModule((event, state: { count: number }) =>
      event.client.poison === true ? { ...state, students: { alice: () => 1 } } : counting(event, state),
    );
    await startWorker(house, named);
    await send(house.log, ['a'], { poison: true });
    await reached(house.state, 1);
    const textsIn = async (ours: string): Promise<string[]> => {
      const [range] = await house.log.offsets(ours);
      const pages = await collect(house.log.read({ topic: ours, partition: 0, from: 0, to: range!.end }));
      return pages.flat().map(({ value }) => String(value));
    };
    await waitFor(async () => (await textsIn(deadLettersTopic('test'))).length === 1);
    expect(await textsIn(deadLettersTopic('test'))).toEqual([expect.stringContaining('alice')]);
    const decided = await textsIn(controlTopic('test'));
    expect(decided).toContainEqual(expect.stringContaining('"why":"state"'));
    expect(decided.join()).not.toContain('alice');
  });
});

describe('a record that says wrongly that it was requeued', () => {
  test('is a dead letter of the module, in a replay too, until a person has it taken as an event', async () => {
    const house = await openHouse();
    const worker = await startWorker(house, testModule(counting));
    const producer = await house.log.createProducer();
    const record = eventRecord({ namespace: 'test', source: TEST_SOURCE, student: 'a' });
    await producer.send([{ ...record, headers: { [REQUEUE_REDUCER]: Buffer.from('?') } }]);
    await reached(house.state, 1);
    const open = [{ reducer: 'm', offset: 0 }];
    expect(await house.state.deadLetterKeys(unit)).toEqual(open);
    expect(await stored(house.state, 'a')).toBeNull();
    await worker.stop();
    const replayed = { ...house, state: (await openHouse()).state };
    await startWorker(replayed, testModule(counting));
    await reached(replayed.state, 1);
    expect(await replayed.state.deadLetterKeys(unit)).toEqual(open);
    const target = { module: 'm.v1', reducer: 'm', offset: 0 };
    await producer.send([{ ...record, headers: requeueHeaders(target) }]);
    await reached(replayed.state, 2);
    expect(await replayed.state.deadLetterKeys(unit)).toEqual([]);
    expect(await stored(replayed.state, 'a')).toEqual({ count: 1 });
  });
});

describe('a record that the log holds twice', () => {
  test('is reduced once, also after a restart between the two', async () => {
    const house = await openHouse();
    const first = await startWorker(house, testModule(counting));
    const producer = await house.log.createProducer();
    const record = eventRecord({ namespace: 'test', source: TEST_SOURCE, student: 'a' });
    await producer.send([record, record]);
    await reached(house.state, 2);
    await first.stop();
    await producer.send([record]);
    await startWorker(house, testModule(counting));
    await send(house.log, ['a']);
    await reached(house.state, 4);
    expect(await stored(house.state, 'a')).toEqual({ count: 2 });
  });
});
