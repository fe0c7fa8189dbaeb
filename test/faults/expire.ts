import kafkajs from 'kafkajs';
import type { EventLog } from '../../services/shared/log/port.ts';
import { waitFor } from '../support/wait.ts';
import { archived } from './archived.ts';
import type { House } from './house.ts';

/** So many records of each partition stay. */
const KEPT = 10;

/** Has a log lose all records of a topic but the last ones. */
export async function loseFirstRecords(
  { brokers, log }: { readonly brokers: readonly string[]; readonly log: Pick<EventLog, 'offsets'> },
  topic: string,
): Promise<void> {
  const kafka = new kafkajs.Kafka({ clientId: 'expire', brokers: [...brokers], logLevel: 0 });
  const admin = kafka.admin();
  await admin.connect();
  try {
    // An admin client of kafkajs deletes records of topics only that it was asked about before.
    const offsets = await admin.fetchTopicOffsets(topic);
    const partitions = offsets
      .filter(({ high }) => Number(high) > KEPT)
      .map(({ partition, high }) => ({ partition, offset: String(Number(high) - KEPT) }));
    if (partitions.length === 0) throw new Error(`${topic} has nothing to lose`);
    await admin.deleteTopicRecords({ topic, partitions });
    const lost = new Set(partitions.map(({ partition }) => partition));
    const isLost = async (): Promise<boolean> =>
      (await log.offsets(topic)).every(({ partition, start }) => start > 0 || !lost.has(partition));
    await waitFor(isLost, { message: `the log lost the first records of ${topic}` });
  } finally {
    await admin.disconnect();
  }
}

/** Waits until everything is archived, then has the log lose all of both topics but the last records. */
export async function expire(house: House): Promise<void> {
  await archived(house);
  for (const topic of [house.topic, house.rekeyTopic]) await loseFirstRecords(house, topic);
}
