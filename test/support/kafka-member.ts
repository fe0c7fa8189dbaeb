import { randomUUID } from 'node:crypto';
import kafkajs, { type Admin } from 'kafkajs';
import { createKafkaLog } from '../../services/shared/log/kafka.ts';
import type { EventLog, Producer } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { joinGroup, type Member, type MemberOptions } from '../contract/event-log-member.ts';
import { waitFor } from './wait.ts';

const REMAKE_MS = 45_000;

/** Topics and members on a Kafka, for tests of what befalls them. */
export interface KafkaHouse {
  readonly log: EventLog;
  readonly producer: Producer;
  /** kafkajs itself, for what the log cannot do. */
  readonly admin: Admin;
  newTopic(partitions: number): Promise<string>;
  makeTopic(topic: string, partitions: number): Promise<void>;
  /** Appends texts to a partition. */
  append(topic: string, partition: number, texts: readonly string[]): Promise<void>;
  /** Appends texts to a topic of one partition in a transaction, and takes them back: with its marker they use one offset more. */
  takeBack(topic: string, texts: readonly string[]): Promise<void>;
  /** Deletes a topic and makes it anew under its name. */
  remake(topic: string, partitions: number): Promise<void>;
  join(options: Omit<MemberOptions, 'groupId'> & { readonly groupId?: string }): Promise<Member>;
  /** Stops the members. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

export interface KafkaHouseOptions {
  readonly brokers: readonly string[];
  /** Where members find Kafka, when not there. */
  readonly memberBrokers?: readonly string[];
  readonly stuckMs?: number;
  readonly sessionTimeoutMs?: number;
}

export async function openKafkaHouse(options: KafkaHouseOptions): Promise<KafkaHouse> {
  const { brokers, memberBrokers = brokers, stuckMs, sessionTimeoutMs = 6_000 } = options;
  const logger = createLogger({ service: 'kafka-house', level: 'silent' });
  const log = createKafkaLog({ brokers, clientId: 'house', logger });
  const members = createKafkaLog({
    brokers: memberBrokers,
    clientId: 'members',
    logger,
    sessionTimeoutMs,
    ...(stuckMs === undefined ? {} : { stuckMs }),
  });
  const producer = await log.createProducer();
  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'admin',
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  const joined: Member[] = [];
  const makeTopic = (name: string, partitions: number): Promise<void> =>
    log.ensureTopics([{ name, partitions }]);
  return {
    log,
    producer,
    admin,
    async newTopic(partitions) {
      const topic = `house.${randomUUID()}`;
      await makeTopic(topic, partitions);
      return topic;
    },
    makeTopic,
    async append(topic, partition, texts) {
      await producer.send(texts.map((text) => ({ topic, partition, key: 'k', value: Buffer.from(text) })));
    },
    async takeBack(topic, texts) {
      const { end } = (await log.offsets(topic))[0]!;
      const other = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
      await other.connect();
      const transaction = await other.transaction();
      await transaction.send({ topic, messages: texts.map((value) => ({ value })) });
      await transaction.abort();
      await other.disconnect();
      await waitFor(async () => (await log.offsets(topic))[0]!.end === end + texts.length + 1, {
        message: 'the marker is there',
      });
    },
    async remake(topic, partitions) {
      await admin.deleteTopics({ topics: [topic] });
      const topics = [{ topic, numPartitions: partitions }];
      await waitFor(() => admin.createTopics({ topics, waitForLeaders: true }).then(() => true), {
        message: 'the topic is made again',
        timeoutMs: REMAKE_MS,
      });
    },
    async join(member) {
      const one = await joinGroup(members, { groupId: randomUUID(), ...member });
      joined.push(one);
      return one;
    },
    async leave() {
      await Promise.all(joined.splice(0).map(({ consumer }) => consumer.stop()));
    },
    async close() {
      await producer.close();
      await admin.disconnect();
      await Promise.all([log.close(), members.close()]);
    },
  };
}
