import assert from 'node:assert/strict';
import { audit, settled } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { readVerdicts } from './verdicts.ts';

const HANGING = 5;
const EVENTS = 500;

export const neverResolves: Fault = {
  name: 'never-resolves',
  promise:
    'a reducer that never resolves costs its event, and a replay leaves out the same without waiting again',
  rounds: { short: 1, long: 6 },
  play: ({ stage, random, rounds }) =>
    withHouse(stage, { variables: { LECTERN_REDUCER_BUDGET_MS: '300' } }, async (house) => {
      const load = await createLoad(house, { random });
      const worker = await house.worker();
      for (let round = 0; round < rounds; round++) {
        for (let hanging = 0; hanging < HANGING; hanging++) {
          await load.send(EVENTS / HANGING);
          await load.sendFaulty('never');
        }
        if (random.next() < 0.5) {
          await worker.kill();
          await worker.start();
        }
        await settled(house);
        const verdicts = (await readVerdicts(house)).filter(({ why }) => why === 'budget');
        assert.ok(verdicts.length >= HANGING * (round + 1), `${verdicts.length} verdicts are kept`);
        await house.redis.flushAll();
        await load.send(EVENTS);
        await settled(house);
        const again = (await readVerdicts(house)).filter(({ why }) => why === 'budget');
        assert.equal(again.length, verdicts.length, 'the replay came to verdicts of its own');
      }
      await load.close();
      return audit(house, load);
    }),
};
