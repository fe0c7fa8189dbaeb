import { afterEach, describe, expect, test } from '@jest/globals';
import { encodeControlRecord } from '../../services/shared/control/record.ts';
import { requeueHeaders } from '../../services/shared/control/requeue-record.ts';
import type { StateStore } from '../../services/shared/state/port.ts';
import { controlTopic } from '../../services/shared/topics.ts';
import type { WorkerLimits } from '../../services/worker/worker.ts';
import { collect } from '../support/collect.ts';
import { counting, testModule } from '../support/module.ts';
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

/** A store that is empty from the first claim on, until the next one: what a claim that is lost may read and write. */
function emptied(state: StateStore): Partial<StateStore> {
  let claims = 0;
  return {
    async claim(...args) {
      claims += 1;
      return state.claim(...args);
    },
    async readMany(...args) {
      const texts = await state.readMany(...args);
      return claims > 1 ? texts : texts.map(() => null);
    },
    async checkpoint(...args) {
      return claims > 1 ? state.checkpoint(...args) : { status: 'refused', because: 'token', stored: null };
    },
  };
}

async function decided(house: House): Promise<string> {
  const ours = controlTopic('test');
  const [range] = await house.log.offsets(ours);
  const pages = await collect(house.log.read({ topic: ours, partition: 0, from: 0, to: range!.end }));
  return pages
    .flat()
    .map(({ value }) => String(value))
    .join('\n');
}

const breaker = (limits: Partial<WorkerLimits['breaker']>): Partial<WorkerLimits> => ({
  breaker: { share: 0.5, letters: 1_000_000, windowMs: 60_000, open: 1_000_000, ...limits },
});

/** Can go on only from a state that an event has opened. */
const opened = (fails: () => unknown) =>
  testModule(
    (event, { total }: { total?: number }) => {
      if (event.client.opens === true) return { total: 0 };
      return total === undefined ? fails() : { total: total + 1 };
    },
    { nullState: {} },
  );

const students = Array.from({ length: 20 }, (_, index) => `s${index}`);

describe('a store that lost what it held', () => {
  test('leads to no verdict: what a reducer makes of nothing is not the event’s fault', async () => {
    const house = await openHouse();
    const module = opened(() => ({ total: Number.NaN }));
    await send(house.log, students, { opens: true });
    const first = await startWorker(house, module);
    await reached(house.state, students.length);
    await first.stop();
    await send(house.log, students);
    await startWorker(house, module, emptied(house.state));
    await reached(house.state, 2 * students.length);
    expect(await decided(house)).not.toContain('left-out');
    for (const student of students) expect(await stored(house.state, student)).toEqual({ total: 1 });
  });

  test('pauses no module: what is refused of nothing, and never stored, does not count', async () => {
    const house = await openHouse();
    const module = opened(() => {
      throw new Error('nothing to add to');
    });
    await send(house.log, students, { opens: true });
    const first = await startWorker(house, module);
    await reached(house.state, students.length);
    await first.stop();
    await send(house.log, students);
    // All of them are folded before the store is asked.
    const limits = { ...breaker({ letters: 10, open: 10 }), checkpointMs: 1_000 };
    await startWorker(house, module, emptied(house.state), limits);
    await reached(house.state, 2 * students.length);
    expect(await decided(house)).not.toContain('module-switch');
    for (const student of students) expect(await stored(house.state, student)).toEqual({ total: 1 });
  });
});

describe('events that a person had requeued', () => {
  test('do not pause a module that folds everything again, however many they are', async () => {
    const house = await openHouse();
    let fixed = false;
    const module = testModule((event, state: { count: number }) => {
      if (event.client.poison === true && !fixed) throw new Error('cannot');
      return counting(event, state);
    });
    await send(house.log, students, { poison: true });
    await send(house.log, students);
    const first = await startWorker(house, module);
    await reached(house.state, 2 * students.length);
    await first.stop();
    fixed = true;
    const all = await collect(house.log.read({ topic, partition: 0, from: 0, to: students.length }));
    const producer = await house.log.createProducer();
    for (const { key, value, offset } of all.flat()) {
      const verdict = { ...unit, reducer: 'm.r', offset, why: 'requeue', reason: 'mended' } as const;
      const record = encodeControlRecord({ kind: 'left-out', ...verdict });
      const headers = requeueHeaders({ module: 'm.v1', reducer: 'm.r', offset });
      await producer.send([{ topic: controlTopic('test'), key: 'control', value: record }]);
      await producer.send([{ topic, partition: 0, key: String(key), value: value!, headers }]);
    }
    const empty = { ...house, state: (await openHouse()).state };
    await startWorker(empty, module, {}, breaker({ letters: 10, open: 10 }));
    await reached(empty.state, 3 * students.length);
    expect(await decided(house)).not.toContain('module-switch');
    expect(await empty.state.deadLetterKeys(unit)).toEqual([]);
    for (const student of students) expect(await stored(empty.state, student)).toEqual({ count: 2 });
  });
});
