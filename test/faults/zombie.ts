import type { RestartableProgram } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';
import { audit } from './audit.ts';
import { watchCheckpoints } from './checkpoints.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { watchPositions } from './positions.ts';
import { settled } from './settled.ts';
import { NOTHING } from './totals.ts';

const EVENTS = 1_000;
const MOST_TRIES = 8;

export const zombie: Fault = {
  name: 'zombie',
  promise: 'a worker that stood still for longer than its session writes nothing when it goes on',
  rounds: { short: 1, long: 4 },
  play: ({ stage, seed, random, rounds }) =>
    withHouse(stage, {}, async (house) => {
      const load = await createLoad(house, { seed });
      const checkpoints = await watchCheckpoints(house.redis);
      const workers = [await house.worker(), await house.worker()];
      let totals = NOTHING;
      /** Whether it tried to write what it had: what waits for an answer of Redis just then is given up instead. */
      const freezeAndThaw = async (frozen: RestartableProgram): Promise<boolean> => {
        const late = checkpoints.late();
        const stop = load.keepSending();
        await load.send(random.between(1, 10) * 100);
        // In the middle of its work, with batches fetched and checkpoints on their way.
        frozen.freeze();
        await load.send(EVENTS);
        await stop();
        // The other one has all partitions now, and has folded what the frozen one holds.
        await settled(house);
        const claims = checkpoints.claims();
        frozen.thaw();
        await waitFor(() => checkpoints.late() > late || checkpoints.claims() > claims, {
          message: 'it tries to write what it had, or claims again',
          timeoutMs: 20_000,
        });
        return checkpoints.late() > late;
      };
      for (const _ of rounds) {
        const frozen = random.pick(workers);
        const stopWatching = watchPositions(house);
        for (let tried = 1; !(await freezeAndThaw(frozen)); tried++) {
          if (tried === MOST_TRIES) throw new Error(`in ${tried} tries it never wrote what it had`);
          await frozen.ready();
        }
        // At once: what it changed would be written again with the next events of each key.
        totals = await audit(house, load);
        await stopWatching();
        await load.send(EVENTS);
        await frozen.ready();
        totals = await audit(house, load);
      }
      await load.close();
      return totals;
    }),
};
