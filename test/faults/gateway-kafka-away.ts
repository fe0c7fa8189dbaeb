import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RestartableProgram } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';
import type { Fault } from './fault.ts';
import { withOwnKafka } from './own-kafka.ts';
import { withGateway } from './with-gateway.ts';

/** Longer than an HTTP request waits for the log, so that some are told to come again. */
const AWAY_MS = 12_000;
/** Longer than a request to Kafka may take. */
const LONGEST_MS = 35_000;

async function isNotReady({ url }: RestartableProgram): Promise<boolean> {
  return (await fetch(`${url}/readyz`)).status === 503;
}

export const gatewayKafkaAway: Fault = {
  name: 'gateway-kafka-away',
  promise:
    'a gateway that cannot reach Kafka is not ready, keeps its sockets, and then has everything it acknowledged',
  rounds: { short: 1, long: 2 },
  play: ({ stage, random, rounds }) =>
    withOwnKafka(stage, ({ stage: own, proxy, forwarded }) =>
      withGateway(own, { gateway: { LECTERN_KAFKA_BROKERS: forwarded } }, async ({ gateway, senders }) => {
        for (const round of rounds) {
          await sleep(random.between(0, 1_000));
          const back = sleep(round === 0 ? AWAY_MS : random.between(1_000, LONGEST_MS));
          // Either nobody listens there, or nothing comes through.
          if (random.next() < 0.5) await proxy.cut();
          else proxy.blackHole();
          if (round === 0)
            await waitFor(() => isNotReady(gateway), {
              timeoutMs: AWAY_MS,
              message: 'the gateway is not ready',
            });
          await back;
          await proxy.restore();
          await senders.goOn();
          await gateway.ready();
          assert.equal(senders.connections(), senders.sockets, 'no socket was closed');
        }
      }),
    ),
};
