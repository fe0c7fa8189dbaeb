import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EventLog, LogRecord, OutgoingRecord, Producer } from '../../services/shared/log/port.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { collect } from '../support/collect.ts';
import { groupContract } from './event-log-groups.ts';
import { placeContract } from './event-log-places.ts';
import { togetherContract } from './event-log-together.ts';

export interface EventLogContract {
  readonly name: string;
  readonly create: () => Promise<{ readonly log: EventLog; readonly close: () => Promise<void> }>;
  /** Of the topics that it makes. */
  readonly retentionMs: number | null;
  readonly describe: (name: string, body: () => void) => void;
}

const record = (topic: string, key: string, text: string): OutgoingRecord => ({
  topic,
  key,
  value: Buffer.from(text),
});

async function readAll(log: EventLog, topic: string, partition: number): Promise<LogRecord[]> {
  const { end } = (await log.offsets(topic))[partition]!;
  return collect(log.read({ topic, partition, from: 0, to: end }));
}

/** What every adapter of `EventLog` keeps. Each test has topics of its own, so one log serves them all. */
export function eventLogContract(contract: EventLogContract): void {
  contract.describe(`the event log on ${contract.name}`, () => {
    let log: EventLog;
    let producer: Producer;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ log, close } = await contract.create());
      producer = await log.createProducer();
    });
    afterAll(async () => {
      await producer.close();
      await close();
    });
    const newTopic = async (partitions: number): Promise<string> => {
      const name = `contract.${randomUUID()}`;
      await log.ensureTopics([{ name, partitions }]);
      return name;
    };

    test('a topic is made once, empty, with its partitions', async () => {
      const name = await newTopic(3);
      await log.ensureTopics([{ name, partitions: 3 }]);
      expect(await log.partitionCount(name)).toBe(3);
      expect(await log.offsets(name)).toEqual(
        [0, 1, 2].map((partition) => ({ partition, start: 0, end: 0 })),
      );
    });

    test('topics that differ are refused, every one by name, and none of the others is made', async () => {
      const [a, b, missing] = [await newTopic(2), await newTopic(3), `contract.${randomUUID()}`];
      const asked = [
        { name: a, partitions: 4 },
        { name: missing, partitions: 1 },
        { name: b, partitions: 5 },
      ];
      const refusal = await log.ensureTopics(asked).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'TOPIC_MISMATCH' });
      for (const part of [a, b, '2 partitions', '3 partitions'])
        expect((refusal as Error).message).toContain(part);
      expect(await log.partitionCount(missing)).toBeNull();
    });

    test('for how long records are kept is told: not at all limited, or in milliseconds', async () => {
      const topic = await newTopic(1);
      expect(await log.retentionMs(topic)).toBe(contract.retentionMs);
    });

    test('an unknown topic is named, not made', async () => {
      const topic = `contract.${randomUUID()}`;
      expect(await log.partitionCount(topic)).toBeNull();
      await expect(log.retentionMs(topic)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
      await expect(log.offsets(topic)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
      await expect(producer.send([record(topic, 'k', 'v')])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' });
      expect(await log.partitionCount(topic)).toBeNull();
    });

    test('a thousand records of many keys: each where its key belongs, in order, told in the order given', async () => {
      const topic = await newTopic(4);
      const sent = Array.from({ length: 1_000 }, (_, n) => record(topic, `student-${n % 37}`, String(n)));
      const places = await producer.send(sent);
      const ends = [0, 0, 0, 0];
      expect(places).toEqual(
        sent.map(({ key }) => {
          const partition = partitionOf(key, 4);
          return { topic, partition, offset: ends[partition]!++ };
        }),
      );
      expect((await log.offsets(topic)).map(({ end }) => end)).toEqual(ends);
      for (const partition of [0, 1, 2, 3]) {
        const kept = await readAll(log, topic, partition);
        const expected = sent.filter(({ key }) => partitionOf(key, 4) === partition);
        expect(kept.map(({ value }) => String(value))).toEqual(expected.map(({ value }) => String(value)));
        expect(kept.map(({ key }) => String(key))).toEqual(expected.map(({ key }) => key));
        expect(kept.map(({ offset }) => offset)).toEqual(expected.map((_, offset) => offset));
      }
    });

    test('sends at the same time get offsets of their own, without gaps', async () => {
      const topic = await newTopic(2);
      const sends = Array.from({ length: 40 }, (_, n) =>
        producer.send([record(topic, `a${n}`, `a${n}`), record(topic, `b${n}`, `b${n}`)]),
      );
      const places = (await Promise.all(sends)).flat();
      for (const { partition, end } of await log.offsets(topic)) {
        const offsets = places.filter((place) => place.partition === partition).map(({ offset }) => offset!);
        expect(offsets.sort((a, b) => a - b)).toEqual(Array.from({ length: end }, (_, offset) => offset));
        const kept = await readAll(log, topic, partition);
        for (const [offset, { key, value }] of kept.entries()) {
          expect(String(value)).toBe(String(key));
          expect(kept[offset]!.offset).toBe(offset);
        }
      }
      expect(places).toHaveLength(80);
    });

    test('bytes, keys, headers and times are kept as they are', async () => {
      const topic = await newTopic(1);
      const before = Date.now();
      const sent = ['søren', '学生-42', '🦉 a b/c:d,e%', 'k'.repeat(500)].map((key, n) => ({
        topic,
        key,
        value: Buffer.from(Array.from({ length: 256 }, (_, byte) => (byte + n) % 256)),
        headers: { origin: Buffer.from([0, 255, n]), 'x-名': Buffer.from('wert') },
      }));
      for (const one of sent) await producer.send([one]);
      const kept = await readAll(log, topic, 0);
      for (const [n, { key, value, headers }] of kept.entries()) {
        expect(String(key)).toBe(sent[n]!.key);
        expect(value!.equals(sent[n]!.value)).toBe(true);
        expect(Object.fromEntries(Object.entries(headers).map(([name, v]) => [name, [...v]]))).toEqual({
          origin: [0, 255, n],
          'x-名': [...Buffer.from('wert')],
        });
      }
      const times = kept.map(({ timestamp }) => timestamp);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times[0]).toBeGreaterThanOrEqual(before - 1_000);
      expect(times.at(-1)).toBeLessThanOrEqual(Date.now() + 1_000);
    });

    test('a record of the largest frame in its envelope is taken', async () => {
      const topic = await newTopic(1);
      const value = Buffer.alloc(1.25 * 1024 * 1024, 'x');
      await producer.send([{ topic, key: 'k', value }]);
      const [kept] = await readAll(log, topic, 0);
      expect(kept!.value!.equals(value)).toBe(true);
    });

    test('to send nothing is nothing', async () => {
      expect(await producer.send([])).toEqual([]);
    });

    test('a range is read exactly, over many pages, and not beyond what is kept', async () => {
      const topic = await newTopic(2);
      const key = ['a', 'b', 'c', 'd'].find((candidate) => partitionOf(candidate, 2) === 1)!;
      await producer.send(Array.from({ length: 3_000 }, (_, n) => record(topic, key, String(n))));
      const read = async (from: number, to: number): Promise<number[]> =>
        (await collect(log.read({ topic, partition: 1, from, to }))).map(({ value }) => Number(value));
      const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
      expect(await read(0, 3_000)).toEqual(numbers(0, 3_000));
      expect(await read(700, 1_900)).toEqual(numbers(700, 1_900));
      expect(await read(2_999, 3_000)).toEqual([2_999]);
      expect(await read(5, 5)).toEqual([]);
      await expect(read(0, 3_001)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
      await expect(read(-1, 3)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
    });

    test('a reader may stop early', async () => {
      const topic = await newTopic(1);
      await producer.send(Array.from({ length: 2_000 }, (_, n) => record(topic, 'k', String(n))));
      for await (const page of log.read({ topic, partition: 0, from: 10, to: 2_000 })) {
        expect(String(page[0]!.value)).toBe('10');
        break;
      }
      await log.check();
    });

    groupContract(() => ({ log, producer, newTopic }));
    togetherContract(() => ({ log, producer, newTopic }));
    placeContract(() => ({ log, producer, newTopic }));
  });
}
