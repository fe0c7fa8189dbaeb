import assert from 'node:assert/strict';
import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { settled } from './settled.ts';
import { readVerdicts } from './verdicts.ts';

/** Of each kind in a round. */
const HANGING = 5;
const EVENTS = 500;

export const neverResolves: Fault = {
  name: 'never-resolves',
  promise:
    'a reducer that never resolves, or leaves behind what fails, costs its event at most, and a replay leaves out the same',
  rounds: { short: 1, long: 4 },
  play: ({ stage, seed, random, rounds }) =>
    withHouse(stage, { variables: { LECTERN_REDUCER_BUDGET_MS: '300' } }, async (house) => {
      const load = await createLoad(house, { seed });
      const worker = await house.worker();
      for (const round of rounds) {
        for (let hanging = 0; hanging < HANGING; hanging++) {
          await load.send(EVENTS / HANGING);
          for (const fault of ['never', 'reject-detached', 'throw-in-timer'] as const)
            await load.sendFaulty(fault);
        }
        if (random.next() < 0.5) {
          await worker.kill();
          await worker.start();
        }
        await settled(house);
        assert.ok(worker.running(), 'what a reducer left behind ended the process');
        const told = worker.lines().filter((line) => line.includes('on purpose'));
        assert.deepEqual(told, [], 'the log has what a reducer said');
        const detached = (await readVerdicts(house)).filter(({ why }) => why === 'detached');
        assert.ok(detached.length > 0, 'nothing was left out that failed before it was stored');
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
