import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../services/standalone/demo/random.ts';
import type { Fault } from './fault.ts';
import { type OwnKafka, withOwnKafka } from './own-kafka.ts';
import { type GatewayStage, withGateway } from './with-gateway.ts';

type Restart = (at: GatewayStage & OwnKafka, random: Random) => Promise<void>;

/** What it sends meanwhile goes nowhere, or is kept without its being told; either way it may not have acknowledged any. */
const endGateway =
  (fault: 'blackHole' | 'dropReplies'): Restart =>
  async ({ gateway, proxy }, random) => {
    proxy[fault]();
    await sleep(random.between(200, 600));
    await gateway.kill();
    await proxy.cut();
    await proxy.restore();
    await gateway.start();
  };

const stopBroker: Restart = async ({ service }, random) => {
  await service.stop();
  await sleep(random.between(0, 3_000));
  await service.start();
};

const killBroker: Restart = async ({ service }, random) => {
  await service.kill();
  await sleep(random.between(0, 3_000));
  await service.start();
};

const RESTARTS = [endGateway('blackHole'), endGateway('dropReplies'), killBroker, stopBroker] as const;

export const gatewayRestarts: Fault = {
  name: 'gateway-restarts',
  promise:
    'a gateway that is killed, a broker that is killed and one that is stopped, under load, cost nothing but time',
  rounds: { short: 4, long: 8 },
  play: ({ stage, random, rounds }) =>
    withOwnKafka(stage, (kafka) =>
      withGateway(kafka.stage, { gateway: { LECTERN_KAFKA_BROKERS: kafka.forwarded } }, async (at) => {
        for (const round of rounds) {
          await sleep(random.between(0, 1_000));
          await RESTARTS[round % RESTARTS.length]!({ ...at, ...kafka }, random);
          await at.senders.goOn();
        }
      }),
    ),
};
