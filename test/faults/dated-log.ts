import kafkajs from 'kafkajs';
import type { EventLog, TopicSpec } from '../../services/shared/log/port.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { waitFor } from '../support/wait.ts';

/** A topic on a real broker whose records have the times that a test says. */
export interface DatedLog extends Pick<EventLog, 'createProducer'> {
  /** From now on records are appended at this time, milliseconds since 1970. */
  setClock(timestamp: number): void;
  close(): Promise<void>;
}

/** Makes the topic: as the product makes it, but that a record keeps the time that its producer gives. */
export async function createDatedLog(brokers: readonly string[], spec: TopicSpec): Promise<DatedLog> {
  const kafka = new kafkajs.Kafka({ clientId: 'dated', brokers: [...brokers], logLevel: 0 });
  const admin = kafka.admin();
  await admin.connect();
  const config = {
    'cleanup.policy': 'delete',
    // Whatever the times are, nothing is removed for them, and none is refused.
    'retention.ms': '-1',
    'message.timestamp.type': 'CreateTime',
    'message.timestamp.before.max.ms': String(Number.MAX_SAFE_INTEGER),
    'message.timestamp.after.max.ms': String(Number.MAX_SAFE_INTEGER),
  };
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await admin.createTopics({
    topics: [{ topic: spec.name, numPartitions: spec.partitions, replicationFactor: 1, configEntries }],
    waitForLeaders: false,
  });
  // A busy broker says for a while that it has none of it.
  await waitFor(async () => (await admin.fetchTopicOffsets(spec.name)).length === spec.partitions, {
    message: `the topic ${spec.name} is there`,
    timeoutMs: 30_000,
    intervalMs: 100,
  });
  await admin.disconnect();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  let timestamp = Date.now();

  return {
    setClock(given) {
      timestamp = given;
    },
    createProducer: async () => ({
      async send(records) {
        const messages = records.map(({ key, value, headers, partition }) => ({
          key,
          value,
          headers: { ...headers },
          partition: partition ?? partitionOf(key, spec.partitions),
          timestamp: String(timestamp),
        }));
        await producer.send({ topic: spec.name, acks: -1, messages });
        return [];
      },
      close: async () => undefined,
    }),
    close: () => producer.disconnect(),
  };
}
