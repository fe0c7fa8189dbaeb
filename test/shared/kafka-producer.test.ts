import { expect, test } from '@jest/globals';
import type { Kafka, ProducerBatch, RecordMetadata } from 'kafkajs';
import { LecternError } from '../../services/shared/errors.ts';
import { createKafkaProducer } from '../../services/shared/log/kafka-producer.ts';
import type { Producer } from '../../services/shared/log/port.ts';

const TOPIC = 'events';

/** A kafkajs that answers each send with results for the partitions that `told` names, next offsets by partition. */
async function open(told: readonly (readonly number[])[]) {
  const sent: (readonly number[])[] = [];
  const ends = new Map<number, number>();
  let made = 0;
  const kafka = {
    producer() {
      made += 1;
      return {
        connect: async () => undefined,
        disconnect: async () => undefined,
        async sendBatch({ topicMessages = [] }: ProducerBatch): Promise<RecordMetadata[]> {
          const partitions = topicMessages.flatMap(({ messages }) =>
            messages.map(({ partition }) => partition!),
          );
          const answered = told[sent.length]!;
          sent.push(partitions);
          return answered.map((partition) => {
            const base = ends.get(partition) ?? 0;
            ends.set(partition, base + partitions.filter((each) => each === partition).length);
            return { topicName: TOPIC, partition, errorCode: 0, baseOffset: String(base) };
          });
        },
      };
    },
  } as unknown as Kafka;
  const producer: Producer = await createKafkaProducer({
    kafka,
    partitionCount: async () => 3,
    gzip: false,
    toError: (cause) =>
      cause instanceof LecternError ? cause : new LecternError('LOG_UNAVAILABLE', String(cause)),
  });
  return { producer, sent, made: () => made };
}

const record = (partition: number) => ({ topic: TOPIC, key: 'k', value: Buffer.from('v'), partition });

test('a send that kafkajs calls done is not, before each of its partitions has a result', async () => {
  const { producer, sent, made } = await open([[0, 2], [1]]);
  const places = await producer.send([record(0), record(1), record(1), record(2)]);
  expect(sent).toEqual([
    [0, 1, 1, 2],
    [1, 1],
  ]);
  expect(places.map(({ partition, offset }) => [partition, offset])).toEqual([
    [0, 0],
    [1, 0],
    [1, 1],
    [2, 0],
  ]);
  // By the same producer, whose repeats the broker recognises.
  expect(made()).toBe(1);
});

test('a send of which nothing is told fails, and may be tried again', async () => {
  const { producer } = await open([[0], []]);
  await expect(producer.send([record(0), record(1)])).rejects.toMatchObject({
    code: 'LOG_UNAVAILABLE',
    retriable: true,
  });
});
