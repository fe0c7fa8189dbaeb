import kafkajs, {
  type Kafka,
  type Producer as KafkaProducer,
  type RecordMetadata,
  type TopicMessages,
} from 'kafkajs';
import { LecternError } from '../errors.ts';
import { partitionOf } from '../partition.ts';
import { keyOf } from './partition-key.ts';
import type { Appended, OutgoingRecord, Producer } from './port.ts';

export interface KafkaProducerDeps {
  readonly kafka: Kafka;
  readonly partitionCount: (topic: string) => Promise<number | null>;
  readonly gzip: boolean;
  readonly toError: (cause: unknown) => LecternError;
}

interface Placed {
  readonly topicMessages: TopicMessages[];
  /** For each record its partition and how many of the same send stand before it there. */
  readonly places: readonly { readonly topic: string; readonly partition: number; readonly index: number }[];
}

async function place(records: readonly OutgoingRecord[], deps: KafkaProducerDeps): Promise<Placed> {
  const counts = new Map<string, number>();
  for (const { topic } of records) {
    if (counts.has(topic)) continue;
    const count = await deps.partitionCount(topic);
    if (count === null)
      throw new LecternError('UNKNOWN_TOPIC', `there is no topic ${topic}; a service that starts makes it`, {
        retriable: true,
      });
    counts.set(topic, count);
  }
  const byTopic = new Map<string, TopicMessages>();
  const filled = new Map<string, number>();
  const places = records.map((record) => {
    const { topic } = record;
    const partition = record.partition ?? partitionOf(record.key, counts.get(topic)!);
    const place = keyOf({ topic, partition });
    const index = filled.get(place) ?? 0;
    filled.set(place, index + 1);
    if (!byTopic.has(topic)) byTopic.set(topic, { topic, messages: [] });
    byTopic
      .get(topic)!
      .messages.push({ key: record.key, value: record.value, partition, headers: { ...record.headers } });
    return { topic, partition, index };
  });
  return { topicMessages: [...byTopic.values()], places };
}

function toAppended(placed: Placed, results: readonly RecordMetadata[]): Appended[] {
  const bases = new Map(
    results.map(({ topicName: topic, partition, baseOffset }) => [
      keyOf({ topic, partition }),
      Number(baseOffset ?? -1),
    ]),
  );
  return placed.places.map(({ topic, partition, index }) => {
    const base = bases.get(keyOf({ topic, partition })) ?? -1;
    // The broker answers -1 for a batch that it recognised as sent twice.
    return { topic, partition, offset: base < 0 ? null : base + index };
  });
}

type SendPart = (topicMessages: TopicMessages[]) => Promise<RecordMetadata[]>;

/** Those of the records of whose partitions no result tells. */
function untold(
  topicMessages: readonly TopicMessages[],
  results: readonly RecordMetadata[],
): TopicMessages[] {
  const told = new Set(results.map(({ topicName: topic, partition }) => keyOf({ topic, partition })));
  return topicMessages.flatMap(({ topic, messages }) => {
    const left = messages.filter(({ partition }) => !told.has(keyOf({ topic, partition: partition! })));
    return left.length === 0 ? [] : [{ topic, messages: left }];
  });
}

/**
 * Sends until each partition has its result. kafkajs 2.2.4 sends again, to another broker, what one that went away did not
 * take, but not to a broker that has answered for other partitions: once that leads them all it calls the send done, without
 * a result for those, and without their records.
 */
async function sendAll(topicMessages: TopicMessages[], sendPart: SendPart): Promise<RecordMetadata[]> {
  const results: RecordMetadata[] = [];
  for (let left = topicMessages; left.length > 0; left = untold(left, results)) {
    const more = await sendPart(left);
    if (more.length === 0)
      throw new LecternError('LOG_UNAVAILABLE', 'Kafka answered a send with nothing', { retriable: true });
    results.push(...more);
  }
  return results;
}

/** An idempotent producer, acks=all, records placed by our own partitioner. */
export async function createKafkaProducer(deps: KafkaProducerDeps): Promise<Producer> {
  const connect = async (): Promise<KafkaProducer> => {
    const producer = deps.kafka.producer({
      idempotent: true,
      // Only a repeat by the same producer is recognised by the broker, so it does not give up by itself.
      retry: { retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 100, maxRetryTime: 2_000 },
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return producer;
  };
  const compression = deps.gzip ? kafkajs.CompressionTypes.GZIP : kafkajs.CompressionTypes.None;
  let current = connect();
  current.catch(() => undefined);
  await current.catch((cause: unknown) => {
    throw deps.toError(cause);
  });
  return {
    async send(records) {
      if (records.length === 0) return [];
      const placed = await place(records, deps);
      const used = current;
      try {
        const producer = await used;
        const results = await sendAll(placed.topicMessages, (topicMessages) =>
          producer.sendBatch({ topicMessages, acks: -1, compression }),
        );
        return toAppended(placed, results);
      } catch (cause) {
        // Trap 26: after a failed send an idempotent producer's sequence numbers may be out of step for good.
        if (current === used) {
          void used.then((producer) => producer.disconnect()).catch(() => undefined);
          current = connect();
          current.catch(() => undefined);
        }
        throw deps.toError(cause);
      }
    },
    async close() {
      await (await current).disconnect();
    },
  };
}
