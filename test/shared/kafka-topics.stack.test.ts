import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type KafkaHouse, openKafkaHouse } from '../support/kafka-member.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

const TIMEOUT_MS = 120_000;
const DEADLINE_MS = 45_000;

const texts = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${name} ${n}`);

describeOnStack('a member of a group on Kafka', () => {
  let house: KafkaHouse;
  beforeAll(async () => {
    house = await openKafkaHouse({ brokers: stack().brokers });
  });
  afterEach(() => house.leave());
  afterAll(() => house.close());
  const wait = (message: string, condition: () => boolean | Promise<boolean>) =>
    waitFor(condition, { message, timeoutMs: DEADLINE_MS });

  test.each([
    ['shorter than it was', 3],
    ['as long as it was', 10],
    ['longer than it was', 30],
  ])(
    'is told that a topic was made anew, %s, and gets none of its records',
    async (_, count) => {
      const topic = await house.newTopic(2);
      const old = texts('old', 10);
      await house.append(topic, 1, old);
      const next = new Map<number, number>();
      const member = await house.join({
        topic,
        startAt: ({ partition }) => next.get(partition) ?? 0,
        onBatch: ({ partition, records }) => void next.set(partition, records.at(-1)!.offset + 1),
      });
      await wait('the old records arrive', () => member.texts(1).length === 10);
      await house.remake(topic, 2);
      await house.append(topic, 1, texts('new', count));
      await wait('it is told', () => member.calls.includes('outOfRange 1'));
      expect(member.texts(1)).toEqual(old);
      expect(member.failures).toEqual([]);
      member.consumer.start({ topic, partition: 1 }, 0);
      await wait('it may read the new one', () => member.texts(1).length === 10 + count);
    },
    TIMEOUT_MS,
  );

  test(
    'is told so as well when it was busy while the topic was deleted and made again',
    async () => {
      const topic = await house.newTopic(1);
      await house.append(topic, 0, texts('old', 10));
      let release = (): void => undefined;
      let next = 0;
      const member = await house.join({
        topic,
        startAt: () => next,
        onBatch({ records }) {
          next = records.at(-1)!.offset + 1;
          return new Promise<void>((resolve) => {
            release = resolve;
          });
        },
      });
      await wait('it is busy', () => member.texts().length === 10);
      await house.remake(topic, 1);
      await house.append(topic, 0, texts('new', 30));
      release();
      await wait('it is told', () => member.calls.includes('outOfRange 0'));
      expect(member.texts()).toEqual(texts('old', 10));
    },
    TIMEOUT_MS,
  );

  test(
    'fails when its topic is gone for good, and names it',
    async () => {
      const topic = await house.newTopic(1);
      const member = await house.join({ topic });
      await wait('it is there', () => member.caughtUp(0).length > 0);
      await house.admin.deleteTopics({ topics: [topic] });
      await wait('it fails', () => member.failures.length > 0);
      expect(member.failures).toHaveLength(1);
      expect(member.failures[0]!.message).toContain(topic);
    },
    TIMEOUT_MS,
  );

  test(
    'keeps nobody from the offsets of other topics when one was deleted that it had been asked about',
    async () => {
      const [gone, there] = [await house.newTopic(1), await house.newTopic(1)];
      await house.log.offsets(gone);
      await house.admin.deleteTopics({ topics: [gone] });
      await house.append(there, 0, ['a']);
      await wait('it is gone', async () => (await house.log.partitionCount(gone)) === null);
      expect(await house.log.offsets(there)).toEqual([{ partition: 0, start: 0, end: 1 }]);
      const asked = Array.from({ length: 5 }, () => house.log.offsets(there));
      expect((await Promise.all(asked)).flat().map(({ end }) => end)).toEqual([1, 1, 1, 1, 1]);
    },
    TIMEOUT_MS,
  );

  test(
    'is given partitions that were added to its topic, and the log counts them anew',
    async () => {
      const topic = await house.newTopic(1);
      expect(await house.log.partitionCount(topic)).toBe(1);
      const member = await house.join({ topic, groupId: topic });
      await wait('it is there', () => member.caughtUp(0).length > 0);
      await house.admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
      expect(await house.log.partitionCount(topic)).toBe(3);
      // Before its own metadata is old enough to be asked for again.
      const second = await house.join({ topic, groupId: topic });
      await wait('they share', () => member.assigned().length + second.assigned().length === 3);
      expect(member.failures).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'is caught up beyond the markers of a transaction',
    async () => {
      const topic = await house.newTopic(1);
      await house.append(topic, 0, ['before']);
      await house.takeBack(topic, ['never was']);
      const end = 3;
      const member = await house.join({ topic });
      await wait('it is caught up', () => member.caughtUp(0).includes(end));
      await house.append(topic, 0, ['after']);
      await wait('it goes on', () => member.texts().length === 2);
      expect(member.texts()).toEqual(['before', 'after']);
    },
    TIMEOUT_MS,
  );
});
