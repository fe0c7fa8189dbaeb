import kafkajs from 'kafkajs';
import { waitFor } from '../support/wait.ts';
import { archived } from './archived.ts';
import type { House } from './house.ts';

/** So many records of each partition stay. */
const KEPT = 10;

/** Waits until everything is archived, then has the log lose all of both topics but the last records. */
export async function expire(house: House): Promise<void> {
  const { brokers, namespace, topic, rekeyTopic, log } = house;
  const kafka = new kafkajs.Kafka({ clientId: namespace, brokers: [...brokers], logLevel: 0 });
  const admin = kafka.admin();
  await admin.connect();
  try {
    for (const each of [topic, rekeyTopic]) {
      // An admin client of kafkajs deletes records of topics only that it was asked about before.
      const offsets = await admin.fetchTopicOffsets(each);
      await archived(house);
      const partitions = offsets
        .filter(({ high }) => Number(high) > KEPT)
        .map(({ partition, high }) => ({ partition, offset: String(Number(high) - KEPT) }));
      if (partitions.length === 0) throw new Error(`${each} has nothing to lose`);
      await admin.deleteTopicRecords({ topic: each, partitions });
      const lost = new Set(partitions.map(({ partition }) => partition));
      const isLost = async (): Promise<boolean> =>
        (await log.offsets(each)).every(({ partition, start }) => start > 0 || !lost.has(partition));
      await waitFor(isLost, { message: `the log lost the first records of ${each}` });
    }
  } finally {
    await admin.disconnect();
  }
}
