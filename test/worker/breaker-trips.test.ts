import { afterEach, expect, test } from '@jest/globals';
import type { Module } from '../../services/shared/module.ts';
import { keyText, stateField } from '../../services/shared/state-key.ts';
import { counting, testModule } from '../support/module.ts';
import { waitFor } from '../support/wait.ts';
import {
  closeHouses,
  decide,
  openHouse,
  reached,
  send,
  startWorker,
  stored,
  topic,
  unit,
} from '../support/worker-house.ts';

afterEach(closeHouses);

/** Counts the same events under a name of its own. */
function healthyModule(): Module {
  const module = testModule(counting);
  const reducers = module.reducers.map((reducer) => ({ ...reducer, id: 'n.r' }));
  return { ...module, name: 'n', id: 'n.v1', reducers };
}

const students = (count: number): string[] => Array.from({ length: count }, () => 'a');

test('a module that refuses everything pauses and says why, others get to the end, and it goes on when it is resumed', async () => {
  const house = await openHouse();
  let mended = false;
  const failing = testModule((event, state: { count: number }) => {
    if (!mended) throw new Error('cannot');
    return counting(event, state);
  });
  const breaker = { share: 0.5, letters: 10, windowMs: 60_000, open: 1_000_000 };
  const worker = await startWorker(house, [failing, healthyModule()], {}, { breaker });
  const healthy = { ...unit, module: 'n.v1' };
  const healthyReached = (next: number): Promise<unknown> =>
    waitFor(async () => (await house.state.position(healthy))?.next === next, {
      message: `the other module has stored ${next}`,
    });

  await send(house.log, students(40));
  await waitFor(() => worker.degraded().length > 0, { message: 'the module pauses' });
  expect(worker.degraded()).toEqual([
    expect.stringMatching(
      new RegExp(
        `^m\\.v1 ${topic}/0: paused: \\d+ dead letters came of \\d+ events within 60 s; to go on: lectern modules resume m$`,
      ),
    ),
  ]);

  await send(house.log, students(20));
  await healthyReached(60);
  const [count] = await house.state.readMany(healthy, [
    stateField('Internal', 'n.r', keyText({ STUDENT: 'a' })),
  ]);
  expect(JSON.parse(count!)).toEqual({ count: 60 });
  expect((await house.state.position(unit))!.next).toBeLessThanOrEqual(40);
  expect(worker.notReady()).toEqual([]);

  mended = true;
  await decide(house, { kind: 'module-switch', module: 'm', paused: false, reason: 'mended' });
  await reached(house.state, 60);
  const refused = (await house.state.deadLetterKeys(unit)).length;
  expect(refused).toBeGreaterThanOrEqual(10);
  expect(refused).toBeLessThanOrEqual(40);
  expect(await stored(house.state, 'a')).toEqual({ count: 60 - refused });
  expect(worker.degraded()).toEqual([]);
});
