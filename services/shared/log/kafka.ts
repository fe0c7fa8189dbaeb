import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, ITopicConfig } from 'kafkajs';
import { systemClock } from '../clock.ts';
import { LecternError } from '../errors.ts';
import { createKafkaAdmin } from './kafka-admin.ts';
import { createKafkaClient, type KafkaConnection, toLogError } from './kafka-client.ts';
import { createCompanions } from './kafka-companions.ts';
import { createKafkaConsumer } from './kafka-consumer.ts';
import { openKafkaFetches } from './kafka-fetches.ts';
import { createKafkaProducer } from './kafka-producer.ts';
import { readRange } from './kafka-read.ts';
import { retentionOf } from './kafka-retention.ts';
import type { EventLog, PartitionOffsets, TopicSpec } from './port.ts';

export interface KafkaLogOptions extends KafkaConnection {
  /** How long the group waits for a silent member, in milliseconds. */
  readonly sessionTimeoutMs?: number;
  /** How long a partition may have records and get none, or a batch be in hand and not get on, in milliseconds. */
  readonly stuckMs?: number;
  /** Replicas of the topics made here; by default 3 where there are three brokers, else 1. */
  readonly replication?: number;
  readonly gzip?: boolean;
}

const RETENTION_MS = 30 * 24 * 3_600_000;
/** Room for the largest frame in its envelope, twice over. */
const MAX_MESSAGE_BYTES = 5 * 1_048_576;
const CHECK_DEADLINE_MS = 5_000;
const TOPICS_DEADLINE_MS = 30_000;
const TOPICS_RETRY_MS = 100;

/** Trap 23: kafkajs reads gzip or nothing, so the broker re-packs whatever other clients send. */
function topicConfig(spec: TopicSpec, replication: number, gzip: boolean): ITopicConfig {
  const entries = {
    'cleanup.policy': 'delete',
    'retention.ms': String(RETENTION_MS),
    'message.timestamp.type': 'LogAppendTime',
    'unclean.leader.election.enable': 'false',
    'min.insync.replicas': replication >= 3 ? '2' : '1',
    'max.message.bytes': String(MAX_MESSAGE_BYTES),
    'compression.type': gzip ? 'gzip' : 'uncompressed',
  };
  const configEntries = Object.entries(entries).map(([name, value]) => ({ name, value }));
  return { topic: spec.name, numPartitions: spec.partitions, replicationFactor: replication, configEntries };
}

/** `EventLog` on Kafka 2.1 or later, through kafkajs, which nothing outside this folder's kafka files imports. */
export function createKafkaLog(options: KafkaLogOptions): EventLog {
  const kafka = createKafkaClient(options);
  const gzip = options.gzip ?? false;
  const counts = new Map<string, number>();
  const companions = createCompanions();
  const admin = createKafkaAdmin(kafka);

  const toError = (cause: unknown): LecternError =>
    cause instanceof LecternError ? cause : toLogError(options, cause);
  const ask = async <T>(question: (client: Admin) => Promise<T>): Promise<T> => {
    try {
      return await admin.ask(question);
    } catch (cause) {
      throw toError(cause);
    }
  };

  const partitionCounts = (names: readonly string[]): Promise<Map<string, number>> =>
    ask(async (client) => {
      const existing = new Set(await client.listTopics());
      const asked = names.filter((name) => existing.has(name));
      if (asked.length === 0) return new Map();
      const { topics } = await client.fetchTopicMetadata({ topics: asked });
      return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
    });

  /**
   * A busy broker makes a topic, and for a while goes on to say that it has none, which kafkajs takes for an answer, or that
   * it does not lead it.
   */
  const untilThere = async (names: readonly string[]): Promise<void> => {
    for (const deadline = Date.now() + TOPICS_DEADLINE_MS; ; await sleep(TOPICS_RETRY_MS)) {
      try {
        const found = await partitionCounts(names);
        const missing = names.filter((name) => !found.has(name));
        if (missing.length > 0)
          throw new Error(`it made the topics ${missing.join(', ')}, and does not show them`);
        // None is left under way when one fails: on a client that was given up it would connect again, for ever.
        await ask(async (client) => {
          const asked = await Promise.allSettled(names.map((name) => client.fetchTopicOffsets(name)));
          const failed = asked.find((one) => one.status === 'rejected');
          if (failed !== undefined) throw failed.reason;
        });
        return;
      } catch (error) {
        if (Date.now() >= deadline) throw toError(error);
      }
    }
  };

  const partitionCount = async (topic: string): Promise<number | null> => {
    const found = (await partitionCounts([topic])).get(topic);
    if (found !== undefined && !counts.has(topic)) counts.set(topic, found);
    return found ?? null;
  };
  /** As it was when first asked: what is sent under a key goes on to the partition that it had. */
  const knownCount = async (topic: string): Promise<number | null> =>
    counts.get(topic) ?? (await partitionCount(topic));

  const offsets = (topic: string): Promise<readonly PartitionOffsets[]> =>
    ask(async (client) => {
      if ((await knownCount(topic)) === null)
        throw new LecternError('UNKNOWN_TOPIC', `there is no topic ${topic}`);
      const found = await client.fetchTopicOffsets(topic);
      return found
        .map(({ partition, low, high }) => ({ partition, start: Number(low), end: Number(high) }))
        .sort((a, b) => a.partition - b.partition);
    });

  const createConsumer: EventLog['createConsumer'] = (consumer) =>
    createKafkaConsumer({
      ...consumer,
      kafka,
      logger: options.logger,
      sessionTimeoutMs: options.sessionTimeoutMs ?? 30_000,
      stuckMs: options.stuckMs,
      offsets,
      partitionCount,
      companions,
    });

  return {
    async ensureTopics(specs) {
      const existing = await partitionCounts(specs.map(({ name }) => name));
      const wrong = specs.filter(
        ({ name, partitions }) => existing.has(name) && existing.get(name) !== partitions,
      );
      if (wrong.length > 0)
        throw new LecternError(
          'TOPIC_MISMATCH',
          wrong
            .map(
              ({ name, partitions }) =>
                `topic ${name} has ${existing.get(name)} partitions, not ${partitions}`,
            )
            .join('; ') +
            '. Set LECTERN_PARTITIONS to what the topics have; more partitions need a new namespace',
        );
      const missing = specs.filter(({ name }) => !existing.has(name));
      if (missing.length === 0) return;
      await ask(async (client) => {
        const { brokers } = await client.describeCluster();
        const replication = options.replication ?? (brokers.length >= 3 ? 3 : 1);
        // Another service may make the same topics at the same moment: kafkajs answers false then.
        await client.createTopics({
          topics: missing.map((spec) => topicConfig(spec, replication, gzip)),
          waitForLeaders: false,
        });
      });
      await untilThere(missing.map(({ name }) => name));
    },
    partitionCount,
    offsets,
    mirrored: (groupId, topic) =>
      ask(async (client) => {
        const [found] = await client.fetchOffsets({ groupId, topics: [topic] });
        const known = (found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
        return new Map(known.map(({ partition, offset }) => [partition, Number(offset)]));
      }),
    async retentionMs(topic) {
      if ((await knownCount(topic)) === null)
        throw new LecternError('UNKNOWN_TOPIC', `there is no topic ${topic}`);
      return await ask((client) => retentionOf(client, topic));
    },
    createProducer: () => createKafkaProducer({ kafka, partitionCount: knownCount, gzip, toError }),
    createConsumer,
    async *read(range) {
      const at = (await offsets(range.topic)).find(({ partition }) => partition === range.partition);
      if (at === undefined || range.from < at.start || range.to > at.end)
        throw new LecternError(
          'OFFSET_OUT_OF_RANGE',
          `${range.topic}/${range.partition} holds offsets ${at?.start ?? 0} to ${at?.end ?? 0}, not ${range.from} to ${range.to}`,
        );
      try {
        yield* readRange(range, {
          open: (partition) => openKafkaFetches(kafka, partition),
          clock: systemClock,
        });
      } catch (cause) {
        throw toError(cause);
      }
    },
    async check() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(toLogError(options, new Error('no answer in time'))),
          CHECK_DEADLINE_MS,
        );
      });
      await Promise.race([ask((client) => client.describeCluster()), late]).finally(() =>
        clearTimeout(timer),
      );
    },
    close: admin.close,
  };
}
