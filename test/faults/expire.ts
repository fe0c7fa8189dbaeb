import kafkajs from 'kafkajs';
import { waitFor } from '../support/wait.ts';
import { archived } from './archived.ts';
import type { House } from './house.ts';

/** Waits until everything is archived, then has the log lose all of it but the last records. */
export async function expire(house: House): Promise<void> {
  const { brokers, namespace, topic, log } = house;
  const kafka = new kafkajs.Kafka({ clientId: namespace, brokers: [...brokers], logLevel: 0 });
  const admin = kafka.admin();
  await admin.connect();
  try {
    // An admin client of kafkajs deletes records of topics only that it was asked about before.
    const offsets = await admin.fetchTopicOffsets(topic);
    await archived(house);
    const partitions = offsets.map(({ partition, high }) => ({
      partition,
      offset: String(Math.max(0, Number(high) - 10)),
    }));
    await admin.deleteTopicRecords({ topic, partitions });
    await waitFor(async () => (await log.offsets(topic)).every(({ start }) => start > 0), {
      message: 'the log lost its first records',
    });
  } finally {
    await admin.disconnect();
  }
}
