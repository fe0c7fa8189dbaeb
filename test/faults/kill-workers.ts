import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';

export const killWorkers: Fault = {
  name: 'kill-workers',
  promise: 'workers that are killed at any moment, in a loop, lose nothing and double nothing',
  rounds: { short: 4, long: 7 },
  play: ({ stage, seed, random, rounds }) =>
    withHouse(stage, {}, async (house) => {
      const load = await createLoad(house, { seed });
      const workers = [await house.worker(), await house.worker()];
      const stop = load.keepSending();
      for (const _ of rounds) {
        const victim = random.pick(workers);
        await sleep(random.between(0, 1_000));
        await victim.kill();
        await sleep(random.between(0, 500));
        await victim.start();
        // Now and then it is killed again before it has anything.
        if (random.next() < 0.7) await victim.ready();
      }
      await stop();
      await load.close();
      return audit(house, load);
    }),
};
