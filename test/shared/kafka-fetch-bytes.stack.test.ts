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
const REQUESTS = 6;

/** A request, and whose connection it went through. */
interface Asked {
  readonly who: unknown;
  readonly request: FetchRequest;
}

const { fetch } = broker.prototype;

describeOnStack('a member on Kafka', () => {
  let house: KafkaHouse;
  let asked: Asked[] = [];
  beforeAll(async () => {
    house = await openKafkaHouse({ brokers: stack().brokers });
    broker.prototype.fetch = function seen(request) {
      asked.push({ who: this, request });
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

  /** Of a topic with so many readers in the process, from one time on, when all are at its end. */
  async function requestsOf(readers: number): Promise<readonly Asked[]> {
    const topic = await house.newTopic(PARTITIONS);
    for (let partition = 0; partition < PARTITIONS; partition++) await house.append(topic, partition, ['a']);
    const members: Member[] = [];
    for (let reader = 0; reader < readers; reader++) members.push(await house.join({ topic }));
    await waitFor(() => members.every((member) => member.texts().length === PARTITIONS), {
      message: 'everybody has everything',
      timeoutMs: TIMEOUT_MS,
    });
    const own = (): Asked[] => asked.filter(({ request }) => partitionsOf(request, topic) > 0);
    // What is answered to all of them now tells each that the others are where it is.
    for (let partition = 0; partition < PARTITIONS; partition++) await house.append(topic, partition, ['b']);
    await waitFor(() => members.every((member) => member.texts().length === 2 * PARTITIONS), {
      message: 'everybody has everything',
      timeoutMs: TIMEOUT_MS,
    });
    await waitFor(
      () => {
        const last = own().slice(-REQUESTS);
        const partitions = last.map(({ request }) => partitionsOf(request, topic));
        return last.length === REQUESTS && partitions.every((count) => count === partitions[0]);
      },
      { message: 'they fetch on', timeoutMs: TIMEOUT_MS },
    );
    asked = [];
    await waitFor(() => own().length >= REQUESTS, { message: 'they fetch on', timeoutMs: TIMEOUT_MS });
    return own();
  }

  const partitionsOf = ({ topics }: FetchRequest, topic: string): number =>
    topics.find((one) => one.topic === topic)?.partitions.length ?? 0;

  test(
    'asks for so much at a time, however many partitions it has, and for so much of each',
    async () => {
      const requests = (await requestsOf(1)).map(({ request }) => request);
      expect(new Set(requests.map(({ maxBytes }) => maxBytes))).toEqual(new Set([MOST_BYTES]));
      const ofPartitions = requests.flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions));
      expect(ofPartitions).toHaveLength(REQUESTS * PARTITIONS);
      expect(new Set(ofPartitions.map(({ maxBytes }) => maxBytes))).toEqual(new Set([MOST_OF_A_PARTITION]));
    },
    TIMEOUT_MS,
  );

  test(
    'fetches nothing that another of its process fetches at the same place',
    async () => {
      const requests = await requestsOf(4);
      const fetchedBy = new Map<string, Set<unknown>>();
      for (const { who, request } of requests)
        for (const { topic, partitions } of request.topics)
          for (const { partition } of partitions) {
            const key = `${topic}/${partition}`;
            fetchedBy.set(key, (fetchedBy.get(key) ?? new Set()).add(who));
          }
      expect(fetchedBy.size).toBe(PARTITIONS);
      for (const members of fetchedBy.values()) expect(members.size).toBe(1);
    },
    TIMEOUT_MS,
  );
});
