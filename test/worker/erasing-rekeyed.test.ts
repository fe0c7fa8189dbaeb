import { afterEach, expect, test } from '@jest/globals';
import { newErasure } from '../../services/shared/erasing/new-erasure.ts';
import { ERASED_FIELD } from '../../services/shared/erasing/unit-mark.ts';
import type { StateStore, Unit } from '../../services/shared/state/port.ts';
import { keyText, stateField } from '../../services/shared/state-key.ts';
import { rekeyTopic } from '../../services/shared/topics.ts';
import { countingByGroup } from '../support/module.ts';
import { waitFor } from '../support/wait.ts';
import { closeHouses, decide, openHouse, send, startWorker } from '../support/worker-house.ts';

afterEach(closeHouses);

const REKEY = rekeyTopic('test', 'm.v1');
const rekeyed: Unit = { module: 'm.v1', topic: REKEY, partition: 0 };

test('what learners share is made anew without the one that is erased, and not shown before', async () => {
  const house = await openHouse();
  const { state, log } = house;
  await log.ensureTopics([{ name: REKEY, partitions: 1 }]);
  const resets: Unit[] = [];
  const written: (readonly [number, boolean])[] = [];
  const watching: Partial<StateStore> = {
    async reset(unit, token) {
      resets.push(unit);
      const done = await state.reset(unit, token);
      // Nobody may take for complete what is not there.
      expect(await state.position(unit)).toMatchObject({ next: null, target: null, completeAt: null });
      return done;
    },
    async checkpoint(unit, checkpoint) {
      const reply = await state.checkpoint(unit, checkpoint);
      const { target } = (await state.position(unit))!;
      if (unit.topic === REKEY && resets.length > 0)
        written.push([checkpoint.next, checkpoint.next < (target ?? Number.POSITIVE_INFINITY)]);
      return reply;
    },
  };
  await startWorker(house, countingByGroup(), watching);
  await send(log, ['bob', 'ann', 'bob', 'cleo'], { group: 'g' });
  const count = async (): Promise<unknown> => {
    const [text] = await state.readMany(rekeyed, [
      stateField('Internal', 'm.r', keyText({ 'EventField.group': 'g' })),
    ]);
    return JSON.parse(text ?? 'null');
  };
  await waitFor(async () => (await state.position(rekeyed))?.next === 4, { message: 'all are counted' });
  expect(await count()).toEqual({ count: 4 });
  await decide(house, newErasure({ salt: null }, { learner: 'bob', before: Date.now() * 1_000 + 1, now: 1 }));
  await waitFor(async () => (await state.readMany(rekeyed, [ERASED_FIELD]))[0] === '1', {
    message: 'the states are without bob',
  });
  await waitFor(async () => (await state.position(rekeyed))?.next === 4, { message: 'all are looked at' });
  expect(await count()).toEqual({ count: 2 });
  expect(resets).toEqual([rekeyed]);
  await send(log, ['bob', 'ann'], { group: 'g' });
  await waitFor(async () => (await state.position(rekeyed))?.next === 6, { message: 'it goes on' });
  expect(await count()).toEqual({ count: 4 });
  await waitFor(async () => (await state.position(rekeyed))?.completeAt != null, {
    message: 'it is complete',
  });
});
