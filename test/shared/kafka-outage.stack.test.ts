import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type ForwardedKafka, startForwardedKafka } from '../support/forwarded-kafka.ts';
import { type KafkaHouse, openKafkaHouse } from '../support/kafka-member.ts';
import { describeOnStack } from '../support/stack.ts';
import { testRun } from '../support/test-run.ts';
import { waitFor } from '../support/wait.ts';

const TIMEOUT_MS = 120_000;
const DEADLINE_MS = 60_000;
const AWAY_MS = 10_000;

describeOnStack('a member whose Kafka goes away', () => {
  let kafka: ForwardedKafka;
  let house: KafkaHouse;
  beforeAll(async () => {
    kafka = await startForwardedKafka({ run: testRun, lost: () => {} });
    house = await openKafkaHouse({ brokers: kafka.brokers, memberBrokers: [kafka.forwarded] });
  }, TIMEOUT_MS);
  afterEach(() => house.leave());
  afterAll(async () => {
    await house?.close();
    await kafka?.close();
  }, TIMEOUT_MS);
  const wait = (message: string, condition: () => boolean) =>
    waitFor(condition, { message, timeoutMs: DEADLINE_MS });

  const faults: readonly [string, () => Promise<void>][] = [
    [
      'goes on after the broker was killed and started again',
      async () => {
        await kafka.service.kill();
        await kafka.service.start();
      },
    ],
    [
      'goes on after the broker could not be reached for longer than its session',
      async () => {
        await kafka.proxy.cut();
        const cutAt = Date.now();
        await wait('time passes', () => Date.now() - cutAt > AWAY_MS);
        await kafka.proxy.restore();
      },
    ],
    [
      'goes on after the broker did not answer for longer than its session',
      async () => {
        kafka.proxy.blackHole();
        const since = Date.now();
        await wait('time passes', () => Date.now() - since > AWAY_MS);
        await kafka.proxy.restore();
      },
    ],
  ];

  test.each(faults)(
    'it %s, where it was',
    async (_, fault) => {
      const topic = await house.newTopic(2);
      const next = new Map<number, number>();
      const member = await house.join({
        topic,
        startAt: ({ partition }) => next.get(partition) ?? 0,
        onBatch: ({ partition, records }) => void next.set(partition, records.at(-1)!.offset + 1),
      });
      for (const partition of [0, 1]) await house.append(topic, partition, ['a', 'b']);
      await wait('the first arrive', () => member.texts().length === 4);
      await fault();
      for (const partition of [0, 1]) await house.append(topic, partition, ['c']);
      await wait('the others arrive', () => member.texts().length >= 6);
      for (const partition of [0, 1]) expect(member.texts(partition)).toEqual(['a', 'b', 'c']);
      expect(member.calls).not.toContain('outOfRange 0');
      expect(member.failures).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
