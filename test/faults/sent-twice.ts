import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import type { LoadRecord } from './make-events.ts';
import { settled } from './settled.ts';

const BATCHES = 20;
const BATCH = 100;

export const sentTwice: Fault = {
  name: 'sent-twice',
  promise:
    'what producers write again, at once or after others, is folded once, whoever owns the partition then',
  rounds: { short: 2, long: 8 },
  play: ({ stage, seed, random, rounds }) =>
    withHouse(stage, {}, async (house) => {
      const load = await createLoad(house, { seed });
      const worker = await house.worker();
      for (const _ of rounds) {
        const sent: LoadRecord[][] = [];
        for (let batch = 0; batch < BATCHES; batch++) {
          const records = load.make(BATCH);
          sent.push(records);
          await load.append(records);
          if (random.next() < 0.5) await load.append(random.pick(sent));
        }
        await settled(house);
        // The next owner knows what comes again from the log alone.
        await (random.next() < 0.5 ? worker.kill() : worker.stop());
        await load.append(random.pick(sent));
        await worker.start();
        await load.append(random.pick(sent));
      }
      await load.close();
      const totals = await audit(house, load);
      if (totals.duplicates < rounds.played * BATCH * 0.9)
        throw new Error(`only ${totals.duplicates} came twice`);
      return totals;
    }),
};
