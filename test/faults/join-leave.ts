import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';

export const joinLeave: Fault = {
  name: 'join-leave',
  promise:
    'three workers that join and leave in a loop hand partitions over without losing or doubling anything',
  rounds: { short: 6, long: 14 },
  play: ({ stage, seed, random, rounds }) =>
    withHouse(stage, { partitions: 6 }, async (house) => {
      const load = await createLoad(house, { seed });
      const workers = [await house.worker(), await house.worker(), await house.worker()];
      const stop = load.keepSending();
      for (const _ of rounds) {
        const one = random.pick(workers);
        if (!one.running()) await one.start();
        else if (workers.filter((worker) => worker.running()).length > 1) await one.stop();
        await sleep(random.between(0, 500));
      }
      for (const worker of workers) if (!worker.running()) await worker.start();
      await stop();
      await load.close();
      return audit(house, load);
    }),
};
