import kafkajs, { type Consumer, type ConsumerConfig } from 'kafkajs';
import type { AskIds } from './kafka-identity.ts';
import type { KafkaSessionDeps } from './kafka-session-port.ts';
import { fetchTopicIds } from './kafka-topic-ids.ts';

/** One consumer of kafkajs, and a way to ask the cluster that it is connected to. */
export interface KafkaMember {
  readonly consumer: Consumer;
  /** Undefined before it is connected. */
  readonly fetchIds: AskIds;
}

export function createKafkaMember(
  { kafka, groupId, sticky }: Pick<KafkaSessionDeps, 'kafka' | 'groupId' | 'sticky'>,
  config: Omit<ConsumerConfig, 'groupId'>,
): KafkaMember {
  let fetchIds: AskIds = async () => undefined;
  const consumer = kafka.consumer({
    ...config,
    groupId,
    // Another session follows, with a deadline for what kafkajs would wait for.
    retry: { retries: 5, restartOnFailure: async () => false },
    partitionAssigners: [
      (given) => {
        fetchIds = (topics) => fetchTopicIds(given.cluster, topics);
        return sticky.assigner(given);
      },
      // Lets members of before the first was ours stay in the group while they are replaced.
      kafkajs.PartitionAssigners.roundRobin,
    ],
  });
  return { consumer, fetchIds: (topics) => fetchIds(topics) };
}
