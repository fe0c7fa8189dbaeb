import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { withOwnKafka } from './own-kafka.ts';
import { settled } from './settled.ts';

const AWAY_MS = 10_000;

export const brokerAway: Fault = {
  name: 'broker-away',
  promise:
    'a worker that cannot reach the broker for ten seconds is replaced, and goes on in its turn afterwards',
  rounds: { short: 1, long: 2 },
  play: ({ stage, seed, random, rounds }) =>
    withOwnKafka(stage, ({ stage: own, proxy, forwarded }) =>
      withHouse(own, {}, async (house) => {
        const load = await createLoad(house, { seed });
        const cutOff = await house.worker({ LECTERN_KAFKA_BROKERS: forwarded });
        await house.worker();
        for (const _ of rounds) {
          const stop = load.keepSending();
          await sleep(random.between(0, 1_000));
          const back = sleep(AWAY_MS);
          // Either nobody listens there, or nothing comes through.
          if (random.next() < 0.5) await proxy.cut();
          else proxy.blackHole();
          await back;
          await load.send(500);
          await stop();
          // The other one has everything, so what comes now is not needed.
          await settled(house);
          await proxy.restore();
          await load.send(500);
          await cutOff.ready();
          await settled(house);
        }
        await load.close();
        return audit(house, load);
      }),
    ),
};
