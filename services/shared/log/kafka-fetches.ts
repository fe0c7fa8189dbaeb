import kafkajs, { type Cluster, type Kafka } from 'kafkajs';
import Batch from 'kafkajs/src/consumer/batch.js';
import { LecternError } from '../errors.ts';
import type { AskIds } from './kafka-identity.ts';
import { toRecord } from './kafka-record.ts';
import { fetchTopicIds } from './kafka-topic-ids.ts';
import { keyOf } from './partition-key.ts';
import type { LogRecord, TopicPartition } from './port.ts';

/** Of one fetch, or one batch of records where that is larger: at most the 5 MiB of the topic's `max.message.bytes`. */
const MAX_BYTES = 512 * 1_024;
/** How long a broker may wait for a first record: there is one already, unless the log's end moved. */
const PATIENCE_MS = 250;

export interface FetchedPage {
  /** Without those that a transaction took back. */
  readonly records: readonly LogRecord[];
  /** Where the next fetch reads; what was fetched from when there was nothing. */
  readonly next: number;
  readonly endOffset: number;
}

/** Fetches from the broker that was the partition's leader when it was opened. */
export interface KafkaFetches {
  /** Rejects with OFFSET_OUT_OF_RANGE when the log does not hold the offset. */
  fetch(offset: number): Promise<FetchedPage>;
  readonly askIds: AskIds;
  close(): Promise<void>;
}

/** kafkajs shows its connections to nobody but the assigners of a consumer: of this one, which never joins its group. */
function createCluster(kafka: Kafka): Cluster {
  let cluster: Cluster | undefined;
  kafka.consumer({
    groupId: 'lectern-none',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (given) => {
        cluster = given.cluster;
        return kafkajs.PartitionAssigners.roundRobin(given);
      },
    ],
  });
  return cluster!;
}

async function findLeader(cluster: Cluster, { topic, partition }: TopicPartition): Promise<string> {
  await cluster.connect();
  await cluster.addTargetTopic(topic);
  const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (leader === undefined) throw new Error(`it does not show the partition ${keyOf({ topic, partition })}`);
  return leader;
}

/** What the leader answers of the partition, as kafkajs takes an answer apart. */
async function fetchBatch(
  cluster: Cluster,
  leader: string,
  { topic, partition }: TopicPartition,
  offset: string,
): Promise<Batch> {
  const broker = await cluster.findBroker({ nodeId: leader });
  const partitions = [{ partition, fetchOffset: offset, maxBytes: MAX_BYTES }];
  const answer: { readonly responses: readonly { readonly partitions: readonly unknown[] }[] } =
    await broker.fetch({
      maxWaitTime: PATIENCE_MS,
      maxBytes: MAX_BYTES,
      topics: [{ topic, partitions }],
    });
  const data = answer.responses[0]?.partitions[0];
  if (data === undefined)
    throw new Error(`it does not answer for the partition ${keyOf({ topic, partition })}`);
  return new Batch(topic, offset, data);
}

/** Connects to the leader of a partition. What fails on a connection is mended by another one. */
export async function openKafkaFetches(kafka: Kafka, at: TopicPartition): Promise<KafkaFetches> {
  const cluster = createCluster(kafka);
  const close = (): Promise<void> => cluster.disconnect().catch(() => undefined);
  const leader = await findLeader(cluster, at).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    async fetch(offset) {
      const batch = await fetchBatch(cluster, leader, at, String(offset)).catch((cause: Error) => {
        if (cause.name !== 'KafkaJSOffsetOutOfRange') throw cause;
        throw new LecternError('OFFSET_OUT_OF_RANGE', `${keyOf(at)} no longer holds offset ${offset}`, {
          cause,
        });
      });
      return {
        records: batch.messages.map(toRecord),
        next: batch.rawMessages.length === 0 ? offset : Number(batch.lastOffset()) + 1,
        endOffset: Number(batch.highWatermark),
      };
    },
    askIds: (topics) => fetchTopicIds(cluster, topics),
    close,
  };
}
