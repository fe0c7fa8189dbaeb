import kafkajs from 'kafkajs';
import { createStopwatch, type Measured } from './measure.ts';

export interface RawConsume {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly events: number;
  readonly partitions: number;
}

let runs = 0;

/** kafkajs alone: batches come in and are counted, nothing is decoded. */
export async function rawConsume({ brokers, topic, events, partitions }: RawConsume): Promise<Measured> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  runs += 1;
  const consumer = kafka.consumer({
    groupId: `raw-${topic}-${runs}`,
    maxWaitTimeInMs: 250,
    maxBytes: 4_194_304,
    maxBytesPerPartition: 524_288,
  });
  const watch = createStopwatch();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const measured = await new Promise<Measured>((resolve, reject) => {
    let seen = 0;
    consumer
      .run({
        autoCommit: false,
        partitionsConsumedConcurrently: partitions,
        eachBatch: async ({ batch }) => {
          watch.start();
          seen += batch.messages.length;
          if (seen === events) resolve(watch.stop(events));
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return measured;
}
