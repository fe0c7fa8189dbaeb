import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import broker, { type FetchRequest } from 'kafkajs/src/broker/index.js';
import type { Member } from '../contract/event-log-member.ts';
import { type KafkaHouse, openKafkaHouse } from '../support/kafka-member.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

// What members really ask a broker for, which is all that is in memory of a topic besides what handlers keep.

const TIMEOUT_MS = 120_000;
const DEADLINE_MS = 90_000;
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

  /** A topic that so many members of the process have read to its end, each the same records at about the same time. */
  async function readBy(readers: number): Promise<string> {
    const topic = await house.newTopic(PARTITIONS);
    const members: Member[] = [];
    for (let reader = 0; reader < readers; reader++) members.push(await house.join({ topic }));
    for (const text of ['a', 'b']) {
      const had = text === 'a' ? 0 : PARTITIONS;
      for (let partition = 0; partition < PARTITIONS; partition++)
        await house.append(topic, partition, [text]);
      await waitFor(() => members.every((member) => member.texts().length === had + PARTITIONS), {
        message: 'everybody has everything',
        timeoutMs: DEADLINE_MS,
      });
    }
    return topic;
  }

  const partitionsOf = (
    { topics }: FetchRequest,
    topic: string,
  ): FetchRequest['topics'][number]['partitions'] =>
    topics.find((one) => one.topic === topic)?.partitions ?? [];

  /** The last requests that asked for any of a topic; undefined while there are too few. */
  function lastOf(topic: string): readonly Asked[] | undefined {
    const own = asked.filter(({ request }) => partitionsOf(request, topic).length > 0);
    return own.length < REQUESTS ? undefined : own.slice(-REQUESTS);
  }

  test(
    'asks for so much at a time, however many partitions it has, and for so much of each',
    async () => {
      const topic = await readBy(1);
      const all = (): boolean =>
        lastOf(topic)?.every(({ request }) => partitionsOf(request, topic).length === PARTITIONS) ?? false;
      await waitFor(all, { message: 'it fetches all of them', timeoutMs: DEADLINE_MS });
      const requests = lastOf(topic)!.map(({ request }) => request);
      expect(new Set(requests.map(({ maxBytes }) => maxBytes))).toEqual(new Set([MOST_BYTES]));
      const ofPartitions = requests.flatMap((request) => partitionsOf(request, topic));
      expect(new Set(ofPartitions.map(({ maxBytes }) => maxBytes))).toEqual(new Set([MOST_OF_A_PARTITION]));
    },
    TIMEOUT_MS,
  );

  test(
    'fetches nothing that another of its process fetches at the same place',
    async () => {
      const topic = await readBy(4);
      /** By partition: how many members fetched it of late. */
      const fetchers = (): number[] => {
        const who = new Map<number, Set<unknown>>();
        for (const one of lastOf(topic) ?? [])
          for (const { partition } of partitionsOf(one.request, topic))
            who.set(partition, (who.get(partition) ?? new Set()).add(one.who));
        return [...who.values()].map(({ size }) => size);
      };
      // For some time one that was busy hands on nothing, so on a machine that is busy there may be more of them.
      await waitFor(() => fetchers().length === PARTITIONS && fetchers().every((count) => count === 1), {
        message: 'each partition has one that fetches it',
        timeoutMs: DEADLINE_MS,
      });
    },
    TIMEOUT_MS,
  );
});
