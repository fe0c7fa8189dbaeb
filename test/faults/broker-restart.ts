import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { withOwnKafka } from './own-kafka.ts';
import { settled } from './settled.ts';

export const brokerRestart: Fault = {
  name: 'broker-restart',
  promise: 'a broker that is killed and started again, under load, costs nothing but time',
  rounds: { short: 1, long: 2 },
  play: ({ stage, seed, random, rounds }) =>
    withOwnKafka(stage, ({ stage: own, service }) =>
      withHouse(own, {}, async (house) => {
        const load = await createLoad(house, { seed });
        await house.worker();
        await house.worker();
        for (const _ of rounds) {
          const stop = load.keepSending();
          await sleep(random.between(0, 1_000));
          await (random.next() < 0.5 ? service.kill() : service.stop());
          await sleep(random.between(0, 3_000));
          await service.start();
          await load.send(500);
          await stop();
          await settled(house);
        }
        await load.close();
        return audit(house, load);
      }),
    ),
};
