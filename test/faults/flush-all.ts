import { audit } from './audit.ts';
import { expire } from './expire.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { settled } from './settled.ts';

const EVENTS = 2_000;

export const flushAll: Fault = {
  name: 'flush-all',
  promise:
    'a Redis that lost everything is built again, out of the archive where the log no longer reaches back',
  rounds: { short: 1, long: 4 },
  play: ({ stage, seed, random, rounds }) =>
    withHouse(stage, {}, async (house) => {
      const load = await createLoad(house, { seed });
      await house.worker();
      for (const _ of rounds) {
        await load.send(EVENTS);
        await settled(house);
        await expire(house);
        const stop = load.keepSending();
        await load.send(random.between(1, 5) * 100);
        await house.redis.flushAll();
        await load.send(EVENTS / 4);
        await stop();
        await settled(house);
      }
      await load.close();
      return audit(house, load);
    }),
};
