import { afterEach, describe, expect, test } from '@jest/globals';
import type { StateStore } from '../../services/shared/state/port.ts';
import { deadLettersTopic } from '../../services/shared/topics.ts';
import type { Worker } from '../../services/worker/worker.ts';
import { collect } from '../support/collect.ts';
import { counting, testModule } from '../support/module.ts';
import { NO_CHANGES } from '../support/no-changes.ts';
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

describe('the worker', () => {
  test('stores each state with the offset that it belongs to', async () => {
    const house = await openHouse();
    await startWorker(house, testModule(counting));
    await send(house.log, ['a', 'b', 'a', 'a']);
    await reached(house.state, 4);
    expect(await stored(house.state, 'a')).toEqual({ count: 3 });
    expect(await stored(house.state, 'b')).toEqual({ count: 1 });
  });

  test('goes on from the stored offset after a restart, not from the group', async () => {
    const house = await openHouse();
    const first = await startWorker(house, testModule(counting));
    await send(house.log, ['a', 'a']);
    await reached(house.state, 2);
    await first.stop();
    await send(house.log, ['a', 'b']);
    await startWorker(house, testModule(counting));
    await reached(house.state, 4);
    expect(await stored(house.state, 'a')).toEqual({ count: 3 });
  });

  test('makes one dead letter of an event that a reducer refuses, and folds the others', async () => {
    const house = await openHouse();
    await startWorker(
      house,
      testModule((event, state: { count: number }) => {
        if (event.client.poison === true) throw new Error('cannot');
        return counting(event, state);
      }),
    );
    await send(house.log, ['a', 'b']);
    await send(house.log, ['a'], { poison: true });
    await send(house.log, ['a']);
    await reached(house.state, 4);
    expect(await stored(house.state, 'a')).toEqual({ count: 2 });
    const letter = { reducer: 'm.r', version: 1, topic, partition: 0, offset: 2 };
    await waitFor(async () => (await collect(house.state.deadLetters(unit)))[0]?.copy, {
      message: 'the dead letter is copied to its topic',
    });
    expect(await collect(house.state.deadLetters(unit))).toEqual([
      { ...letter, copy: { partition: 0, offset: 0 } },
    ]);
    const [copy] = await collect(
      house.log.read({ topic: deadLettersTopic('test'), partition: 0, from: 0, to: 1 }),
    );
    expect(JSON.parse(String(copy!.value))).toMatchObject({
      ...letter,
      reason: 'cannot',
      stack: expect.any(String),
    });
  });

  test('makes one dead letter of a record that is no event', async () => {
    const house = await openHouse();
    await startWorker(house, testModule(counting));
    const producer = await house.log.createProducer();
    await producer.send([{ topic, key: 'a', value: Buffer.from('{"not":"ours"}') }]);
    await send(house.log, ['a']);
    await reached(house.state, 2);
    expect(await stored(house.state, 'a')).toEqual({ count: 1 });
    expect(await collect(house.state.deadLetters(unit))).toMatchObject([{ reducer: 'm', offset: 0 }]);
  });

  test('drops what it holds when another owner has claimed, and counts nothing twice', async () => {
    const house = await openHouse();
    await startWorker(house, testModule(counting));
    await send(house.log, ['a', 'a']);
    await reached(house.state, 2);
    const facts = { formatVersion: 2, partitions: 1, reducersHash: 'h' };
    await house.state.claim(unit, 'a zombie', facts, 2);
    await send(house.log, ['a', 'a', 'a']);
    await reached(house.state, 5);
    expect(await stored(house.state, 'a')).toEqual({ count: 5 });
  });

  test('counts once when the answer to a checkpoint is lost', async () => {
    const house = await openHouse();
    let losses = 3;
    await startWorker(house, testModule(counting), {
      async checkpoint(at, checkpoint) {
        const reply = await house.state.checkpoint(at, checkpoint);
        if (checkpoint.states.size > 0 && losses-- > 0) throw new Error('no answer');
        return reply;
      },
    });
    for (let sent = 1; sent <= 5; sent++) {
      await send(house.log, ['a']);
      await reached(house.state, sent);
    }
    expect(losses).toBeLessThan(0);
    expect(await stored(house.state, 'a')).toEqual({ count: 5 });
  });

  test('heals by itself when the store lost everything', async () => {
    const house = await openHouse();
    const wiped = (await openHouse()).state;
    let store = house.state;
    const forward = <K extends 'claim' | 'checkpoint' | 'readMany' | 'announce'>(name: K): StateStore[K] =>
      ((...args: never[]) => (store[name] as (...given: never[]) => unknown)(...args)) as StateStore[K];
    await startWorker(house, testModule(counting), {
      claim: forward('claim'),
      checkpoint: forward('checkpoint'),
      readMany: forward('readMany'),
      announce: forward('announce'),
    });
    await send(house.log, ['a', 'b', 'a']);
    await reached(house.state, 3);
    store = wiped;
    await reached(wiped, 3);
    expect(await stored(wiped, 'a')).toEqual({ count: 2 });
  });

  test('says that it is caught up, again and again while idle', async () => {
    const house = await openHouse();
    await startWorker(house, testModule(counting));
    await send(house.log, ['a']);
    const first = await waitFor(async () => (await house.state.position(unit))?.caughtUpAt, {
      message: 'caught up',
    });
    await waitFor(async () => ((await house.state.position(unit))?.caughtUpAt ?? 0) > Number(first), {
      message: 'renewed',
    });
  });

  test('counts exactly when states are dropped from memory while they are being written', async () => {
    const house = await openHouse();
    const students = Array.from({ length: 400 }, (_, index) => `student-${index}`);
    await startWorker(house, testModule(counting), {}, { checkpointMs: 1, cacheBytes: 20_000 });
    await send(house.log, Array.from({ length: 20 }, () => students).flat());
    await reached(house.state, 20 * students.length);
    for (const student of students) expect(await stored(house.state, student)).toEqual({ count: 20 });
  });

  test('gets on where a batch needs more states than the store can give at once', async () => {
    const house = await openHouse();
    const students = Array.from({ length: 60 }, (_, index) => `student-${index}`);
    const filling = testModule((event, state: { count: number }) => ({
      ...counting(event, state),
      text: 'x'.repeat(200_000),
    }));
    const first = await startWorker(house, filling);
    await send(house.log, students);
    await reached(house.state, 60);
    await first.stop();
    await send(house.log, students);
    await startWorker(house, filling, {
      async readMany(at, fields) {
        const texts = await house.state.readMany(at, fields);
        if (texts.join('').length > 5_000_000) throw new Error('no answer in time');
        return texts;
      },
    });
    await reached(house.state, 120);
    for (const student of students) expect(await stored(house.state, student)).toMatchObject({ count: 2 });
  });
});

describe('the worker stops a unit, naming the remedy, and goes nowhere', () => {
  const trouble = (worker: Worker): Promise<unknown> =>
    waitFor(() => worker.degraded().find((line) => line.includes('stopped')), { message: 'the unit stops' });

  test('when the reducers changed under the same VERSION', async () => {
    const house = await openHouse();
    const first = await startWorker(house, testModule(counting, { hash: 'one' }));
    await send(house.log, ['a']);
    await reached(house.state, 1);
    await first.stop();
    const second = await startWorker(house, testModule(counting, { hash: 'two' }));
    expect(await trouble(second)).toMatch(/raise VERSION/);
    await send(house.log, ['a']);
    expect(await stored(house.state, 'a')).toEqual({ count: 1 });
  });

  test('when the stored offset lies beyond the end of the log', async () => {
    const house = await openHouse();
    const facts = { formatVersion: 2, partitions: 1, reducersHash: 'h' };
    await house.state.claim(unit, 't', facts, 0);
    const checkpoint = {
      token: 't',
      expected: null,
      next: 9,
      ...NO_CHANGES,
    };
    await house.state.checkpoint(unit, checkpoint);
    expect(await trouble(await startWorker(house, testModule(counting)))).toMatch(/beyond the log's end/);
  });

  test('when the number of partitions changed', async () => {
    const house = await openHouse();
    await house.state.claim(unit, 't', { formatVersion: 2, partitions: 4, reducersHash: 'h' }, 0);
    expect(await trouble(await startWorker(house, testModule(counting)))).toMatch(/new namespace/);
  });
});
