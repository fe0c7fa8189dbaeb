import kafkajs from 'kafkajs';
import { createStopwatch, type Measured } from './measure.ts';
import type { RawConsume } from './raw.ts';

/**
 * kafkajs alone, as it is installed: batches come in and are counted, nothing is decoded. A program of its own, because
 * the product's patches of kafkajs would be in every process that loads the product. Takes what it consumes as JSON, and
 * prints what it measured as JSON.
 */
async function consume({ brokers, topic, events, partitions, groupId }: RawConsume): Promise<Measured> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({
    groupId,
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

const asked = JSON.parse(process.argv[2]!) as RawConsume;
// Once for nothing, so that what is measured is compiled: the bar is not to be lower than it is.
await consume({ ...asked, groupId: `${asked.groupId}-first` });
console.log(JSON.stringify(await consume(asked)));
