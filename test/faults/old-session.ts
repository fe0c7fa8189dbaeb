import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { settled } from './settled.ts';

/** More than the records among which ids are compared. */
const BETWEEN = 10_500;
const RESENT = 500;
const LOST = 10;

export const oldSession: Fault = {
  name: 'old-session',
  promise: 'a client that sends its whole session again, long after, adds only what never arrived',
  rounds: { short: 1, long: 4 },
  play: ({ stage, seed, random, rounds }) =>
    withHouse(stage, { partitions: 1 }, async (house) => {
      let resent = 0;
      const load = await createLoad(house, { seed, numbered: 1 });
      const worker = await house.worker();
      for (const round of rounds) {
        const session = load.make(RESENT).filter(({ decodable }) => decodable);
        // Some that the client gave up on before they arrived.
        const lost = new Set(Array.from({ length: LOST }, () => random.pick(session)));
        await load.append(session.filter((record) => !lost.has(record)));
        await load.send(BETWEEN);
        await settled(house);
        await worker.kill();
        await worker.start();
        if (round % 2 === 1) await house.redis.flushAll();
        await load.append(session);
        resent += session.length - lost.size;
        await load.send(RESENT);
      }
      await load.close();
      const totals = await audit(house, load);
      if (totals.duplicates < resent) throw new Error(`only ${totals.duplicates} came twice`);
      return totals;
    }),
};
