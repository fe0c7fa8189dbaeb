import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { settled } from './settled.ts';

const EVENTS = 1_000;

export const oldSnapshot: Fault = {
  name: 'old-snapshot',
  promise:
    'a Redis that is replaced by an older copy of itself is brought up to date, under old and new owners',
  rounds: { short: 2, long: 6 },
  play: ({ stage, seed, random, rounds }) =>
    withHouse(stage, {}, async (house) => {
      const load = await createLoad(house, { seed });
      const worker = await house.worker();
      for (const round of rounds) {
        await load.send(EVENTS);
        const copy = await house.redis.snapshot();
        await load.send(EVENTS);
        await settled(house);
        // In every other round the copy has owners that nobody is any more.
        if (round % 2 === 1) {
          await worker.stop();
          await worker.start();
        }
        const stop = load.keepSending();
        await load.send(random.between(1, 5) * 100);
        await house.redis.replace(copy);
        await load.send(EVENTS);
        await stop();
        await settled(house);
      }
      await load.close();
      return audit(house, load);
    }),
};
