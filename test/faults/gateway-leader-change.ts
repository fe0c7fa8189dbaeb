import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { startKafkaPair } from '../../deploy/local/kafka.ts';
import { waitFor } from '../support/wait.ts';
import type { Fault } from './fault.ts';
import type { House } from './house.ts';
import { withGateway } from './with-gateway.ts';

const CHANGE_MS = 60_000;

/** Asks who leads the partitions of the topic. */
async function withLeaders<T>(
  { brokers, namespace, topic }: House,
  play: (leaders: () => Promise<readonly number[]>) => Promise<T>,
): Promise<T> {
  const admin = new kafkajs.Kafka({ clientId: namespace, brokers: [...brokers], logLevel: 0 }).admin();
  await admin.connect();
  try {
    return await play(async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]!.partitions.map(({ leader }) => leader);
    });
  } finally {
    await admin.disconnect();
  }
}

export const gatewayLeaderChange: Fault = {
  name: 'gateway-leader-change',
  promise:
    'partitions whose leader goes away, and which it leads again later, lose nothing that a gateway acknowledged',
  rounds: { short: 1, long: 3 },
  async play({ stage, random, rounds }) {
    const { brokers, second, close } = await startKafkaPair({
      run: stage.run,
      log: () => {},
      lost: console.error,
    });
    const own = { ...stage, addresses: { ...stage.addresses, brokers } };
    const variables = { LECTERN_KAFKA_REPLICATION: '2' };
    try {
      return await withGateway(own, { variables }, ({ house, senders }) =>
        withLeaders(house, async (leaders) => {
          const before = new Set(await leaders());
          assert.deepEqual(before, new Set([1, 2]), 'each broker leads some partitions');
          await house.log.offsets(house.topic);
          /** Waits until leaders are as they must be; then all goes on. */
          const change = async (message: string, isThere: (now: readonly number[]) => boolean) => {
            await waitFor(async () => isThere(await leaders()), { timeoutMs: CHANGE_MS, message });
            await waitFor(() => house.log.offsets(house.topic), { message: 'the log tells its offsets' });
            await senders.goOn();
          };
          for (const round of rounds) {
            await sleep(random.between(0, 1_000));
            await (round % 2 === 0 ? second.kill() : second.stop());
            await change('the other broker leads everything', (now) => now.every((leader) => leader === 1));
            await second.start();
            await change('the broker that came back leads again', (now) => now.includes(2));
          }
        }),
      );
    } finally {
      await close();
    }
  },
};
