import kafkajs from 'kafkajs';
import { waitFor } from '../support/wait.ts';
import { type House, SOURCE } from './house.ts';

/** Waits until everything is archived, then has the log lose all of it but the last records. */
export async function expire({ brokers, namespace, topic, log, archive }: House): Promise<void> {
  const kafka = new kafkajs.Kafka({ clientId: namespace, brokers: [...brokers], logLevel: 0 });
  const admin = kafka.admin();
  await admin.connect();
  try {
    // An admin client of kafkajs deletes records of topics only that it was asked about before.
    const offsets = await admin.fetchTopicOffsets(topic);
    const archived = new Map<string, number>();
    await waitFor(
      async () => {
        for await (const page of archive.list({ prefix: `events/source=${SOURCE}/` }))
          for (const { name } of page) {
            const { metadata } = (await archive.get(name))!;
            const partition = name.split('+')[1]!;
            archived.set(partition, Math.max(archived.get(partition) ?? 0, Number(metadata.last) + 1));
          }
        return offsets.every(({ partition, high }) => (archived.get(String(partition)) ?? 0) >= Number(high));
      },
      { message: 'everything is archived', timeoutMs: 20_000, intervalMs: 200 },
    );
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
