import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import broker, { type FetchRequest } from 'kafkajs/src/broker/index.js';
import type { Member } from '../contract/event-log-member.ts';
import { type KafkaHouse, openKafkaHouse } from '../support/kafka-member.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

// What members really ask a broker for, which is all that is in memory of a topic besides what handlers keep.

const TIMEOUT_MS = 60_000;
const PARTITIONS = 16;
const MOST_BYTES = 4 * 1_048_576;
const MOST_OF_A_PARTITION = 512 * 1_024;

const { fetch } = broker.prototype;

describeOnStack('a member on Kafka', () => {
  let house: KafkaHouse;
  let asked: FetchRequest[] = [];
  beforeAll(async () => {
    house = await openKafkaHouse({ brokers: stack().brokers });
    broker.prototype.fetch = function seen(request) {
      asked.push(request);
      return fetch.call(this, request);
    };
  });
  afterEach(async () => {
    await house.leave();
    asked = [];
  });
  afterAll(async () => {
    broker.prototype.fetch = fetch;
    await house.close();
  });

  /** Of a topic with so many readers: the requests once all of them fetch every partition. */
  async function requestsOf(readers: number): Promise<readonly FetchRequest[]> {
    const topic = await house.newTopic(PARTITIONS);
    for (let partition = 0; partition < PARTITIONS; partition++) await house.append(topic, partition, ['a']);
    const members: Member[] = [];
    for (let reader = 0; reader < readers; reader++) members.push(await house.join({ topic }));
    await waitFor(() => members.every((member) => member.texts().length === PARTITIONS), {
      message: 'everybody has everything',
      timeoutMs: TIMEOUT_MS,
    });
    const own = (): FetchRequest[] =>
      asked.filter(({ topics }) =>
        topics.some((one) => one.topic === topic && one.partitions.length === PARTITIONS),
      );
    asked = [];
    await waitFor(() => own().length >= 2 * readers, { message: 'they fetch on', timeoutMs: TIMEOUT_MS });
    return own();
  }

  const ofPartitions = (requests: readonly FetchRequest[]): Set<number> =>
    new Set(
      requests.flatMap(({ topics }) =>
        topics.flatMap(({ partitions }) => partitions.map(({ maxBytes }) => maxBytes)),
      ),
    );

  test(
    'asks for so much at a time, however many partitions it has, and for so much of each',
    async () => {
      const requests = await requestsOf(1);
      expect(new Set(requests.map(({ maxBytes }) => maxBytes))).toEqual(new Set([MOST_BYTES]));
      expect(ofPartitions(requests)).toEqual(new Set([MOST_OF_A_PARTITION]));
    },
    TIMEOUT_MS,
  );

  test(
    'asks for its share of a partition where others of its process read it too',
    async () => {
      const requests = await requestsOf(2);
      expect(new Set(requests.map(({ maxBytes }) => maxBytes))).toEqual(new Set([MOST_BYTES]));
      expect(ofPartitions(requests)).toEqual(new Set([MOST_OF_A_PARTITION / 2]));
    },
    TIMEOUT_MS,
  );
});
