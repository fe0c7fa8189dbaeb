import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';

const EVENTS = 3_000;

export const poison: Fault = {
  name: 'poison',
  promise: 'one in a hundred events that reducers choke on costs itself, in the reducer that it is for',
  rounds: { short: 1, long: 5 },
  play: ({ stage, seed, rounds }) =>
    withHouse(stage, {}, async (house) => {
      const load = await createLoad(house, { seed });
      const worker = await house.worker();
      for (const _ of rounds) {
        await load.send(EVENTS);
        const stop = load.keepSending();
        await worker.kill();
        await worker.start();
        await load.send(EVENTS);
        await stop();
      }
      await load.close();
      return audit(house, load);
    }),
};
