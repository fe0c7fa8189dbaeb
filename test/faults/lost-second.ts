import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { settled } from './settled.ts';

/** As much as Redis may lose when its file is synced every second. */
const LOST_MS = 1_000;

export const lostSecond: Fault = {
  name: 'lost-second',
  promise: 'a Redis that was killed and lost its last second is brought up to date',
  rounds: { short: 3, long: 10 },
  play: ({ stage, seed, random, rounds }) =>
    withHouse(stage, {}, async (house) => {
      const load = await createLoad(house, { seed });
      await house.worker();
      const stop = load.keepSending();
      for (const _ of rounds) {
        await load.send(random.between(1, 10) * 100);
        const copy = await house.redis.snapshot();
        await sleep(LOST_MS);
        await house.redis.replace(copy);
        await load.send(500);
      }
      await stop();
      await settled(house);
      await load.close();
      return audit(house, load);
    }),
};
