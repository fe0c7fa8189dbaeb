import kafkajs, { type Producer } from 'kafkajs';
import type { OutgoingRecord } from '../../services/shared/log/port.ts';
import { loadRecord } from './load.ts';
import { createStopwatch, type Measured } from './measure.ts';
import type { RawProduce } from './raw.ts';

/** Of one send. Larger ones are no faster. */
const BATCH = 2_000;
/** Of all events: appended before anything is measured, so that what is measured is compiled. */
const WARM_UP = 0.2;

/** Appends records in sends of `BATCH`, one after the other, as whoever keeps their order must. */
async function produce(
  producer: Producer,
  records: readonly OutgoingRecord[],
  events: number,
): Promise<void> {
  for (let sent = 0; sent < events; sent += BATCH) {
    const start = sent % records.length;
    const messages = records.slice(start, start + Math.min(BATCH, events - sent));
    await producer.sendBatch({ topicMessages: [{ topic: messages[0]!.topic, messages }], acks: -1 });
  }
}

/**
 * kafkajs alone, as it is installed, with an idempotent producer as the gateway has. A program of its own; takes what it
 * appends as JSON, and prints what it measured as JSON.
 */
async function measure(asked: RawProduce): Promise<Measured> {
  const kafka = new kafkajs.Kafka({ brokers: [...asked.brokers], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const load = { ...asked, sessions: false };
  // Encoded before: only appending counts.
  const records = Array.from({ length: 10 * BATCH }, (_, n) => loadRecord(load, n % asked.students, n));
  await produce(producer, records, Math.ceil(WARM_UP * asked.events));
  const watch = createStopwatch();
  watch.start();
  await produce(producer, records, asked.events);
  const measured = watch.stop(asked.events);
  await producer.disconnect();
  return measured;
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2]!) as RawProduce)));
