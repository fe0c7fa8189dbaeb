import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { collect } from '../support/collect.ts';
import { type ForwardedKafka, startForwardedKafka } from '../support/forwarded-kafka.ts';
import { type KafkaHouse, openKafkaHouse } from '../support/kafka-member.ts';
import { describeOnStack } from '../support/stack.ts';
import { testRun } from '../support/test-run.ts';

const TIMEOUT_MS = 120_000;
const COUNT = 2_000;
const AWAY_MS = 3_000;

/** So large that a range takes several fetches. */
const textOf = (name: string, n: number): string => `${name} ${n} ${'x'.repeat(1_000)}`;
const texts = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => textOf(name, n));
const textsOf = (records: readonly LogRecord[]): string[] => records.map(({ value }) => String(value));

describeOnStack('a range of a partition on Kafka', () => {
  let kafka: ForwardedKafka;
  let house: KafkaHouse;
  beforeAll(async () => {
    // Of its own: whatever groups there are come from here.
    kafka = await startForwardedKafka({ run: testRun, lost: () => {} });
    house = await openKafkaHouse({ brokers: [kafka.forwarded] });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await house?.close();
    await kafka?.close();
  }, TIMEOUT_MS);
  /** In batches, each of which a fetch has room for. */
  const append = async (topic: string, name: string, count: number): Promise<void> => {
    const all = texts(name, count);
    while (all.length > 0) await house.append(topic, 0, all.splice(0, 100));
  };
  const filled = async (count: number): Promise<string> => {
    const topic = await house.newTopic(1);
    await append(topic, 'old', count);
    return topic;
  };
  const groups = async () => (await house.admin.listGroups()).groups;

  test(
    'is read without a group: none is joined, and none is left behind',
    async () => {
      const topic = await filled(COUNT);
      expect(await groups()).toEqual([]);
      const got: LogRecord[] = [];
      let pages = 0;
      for await (const records of house.log.read({ topic, partition: 0, from: 0, to: COUNT })) {
        got.push(...records);
        pages += 1;
        expect(await groups()).toEqual([]);
      }
      expect(textsOf(got)).toEqual(texts('old', COUNT));
      expect(pages).toBeGreaterThan(1);
      expect(await groups()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'is read without what a transaction took back, up to its markers',
    async () => {
      const topic = await filled(1);
      await house.takeBack(topic, ['never was', 'nor this']);
      const end = 4;
      const read = async (from: number, to: number) =>
        textsOf(await collect(house.log.read({ topic, partition: 0, from, to })));
      expect(await read(0, end)).toEqual([textOf('old', 0)]);
      expect(await read(1, 3)).toEqual([]);
      await house.append(topic, 0, ['after']);
      expect(await read(2, end + 1)).toEqual(['after']);
    },
    TIMEOUT_MS,
  );

  let restored = Promise.resolve();
  const faults: readonly [string, () => Promise<void>][] = [
    [
      'the broker was killed and started again',
      async () => {
        await kafka.service.kill();
        await kafka.service.start();
      },
    ],
    [
      'the broker could not be reached for some seconds',
      async () => {
        await kafka.proxy.cut();
        restored = sleep(AWAY_MS).then(() => kafka.proxy.restore());
      },
    ],
  ];
  test.each(faults)(
    'is read to its end although %s',
    async (_, fault) => {
      const topic = await filled(COUNT);
      const got: LogRecord[] = [];
      let isOver = false;
      for await (const records of house.log.read({ topic, partition: 0, from: 0, to: COUNT })) {
        got.push(...records);
        if (!isOver) await fault();
        isOver = true;
      }
      await restored;
      expect(textsOf(got)).toEqual(texts('old', COUNT));
    },
    TIMEOUT_MS,
  );

  test(
    'is not read on in a topic that was made again meanwhile',
    async () => {
      const topic = await filled(COUNT);
      const got: LogRecord[] = [];
      const reading = async () => {
        for await (const records of house.log.read({ topic, partition: 0, from: 0, to: COUNT })) {
          if (got.length === 0) {
            await house.remake(topic, 1);
            await append(topic, 'new', COUNT);
          }
          got.push(...records);
        }
      };
      await expect(reading()).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
      expect(textsOf(got)).toEqual(texts('old', got.length));
    },
    TIMEOUT_MS,
  );
});
