import kafkajs from 'kafkajs';
import { Registry } from 'prom-client';
import type { Run } from '../../deploy/local/run.ts';
import { startStack } from '../../deploy/local/stack.ts';
import { loadInstallation } from '../../services/shared/installation.ts';
import { createKafkaLog } from '../../services/shared/log/kafka.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { createRedisState } from '../../services/shared/state/redis.ts';
import { eventsTopic } from '../../services/shared/topics.ts';
import { createWorker } from '../../services/worker/worker.ts';
import { waitFor } from '../support/wait.ts';
import { printFigure } from './figure.ts';
import { appendLoad } from './load.ts';
import { createStopwatch, type Measured } from './measure.ts';

const EVENTS = 500_000;
const PARTITIONS = 8;
const NAMESPACE = 'bench';
const DEADLINE_MS = 180_000;
const logger = createLogger({ service: 'bench', level: 'warn' });

/** kafkajs alone: batches come in and are counted, nothing is decoded. */
async function rawConsume(brokers: readonly string[], topic: string): Promise<Measured> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({
    groupId: `raw-${topic}`,
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
        partitionsConsumedConcurrently: PARTITIONS,
        eachBatch: async ({ batch }) => {
          watch.start();
          seen += batch.messages.length;
          if (seen === EVENTS) resolve(watch.stop(EVENTS));
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return measured;
}

/** The worker as it runs in production: decoding, folding, checkpoints to a real Redis, hints, metrics. */
async function reduce(log: EventLog, redisUrl: string): Promise<Measured> {
  const { modules } = await loadInstallation({
    LECTERN_NAMESPACE: NAMESPACE,
    LECTERN_PARTITIONS: PARTITIONS,
    LECTERN_SOURCES: [],
    LECTERN_MODULES: [],
  });
  const module = modules.find(({ name }) => name === 'student_events')!;
  const topic = eventsTopic(NAMESPACE, module.contexts[0]!);
  const state = createRedisState({ url: redisUrl, namespace: NAMESPACE, logger });
  const watch = createStopwatch();
  const started: EventLog = {
    ...log,
    createConsumer(options) {
      const consumer = log.createConsumer(options);
      const run: typeof consumer.run = (handlers) =>
        consumer.run({
          ...handlers,
          batch: (batch) => {
            watch.start();
            return handlers.batch(batch);
          },
        });
      return { ...consumer, run };
    },
  };
  const worker = createWorker({
    log: started,
    state,
    modules: [module],
    namespace: NAMESPACE,
    checkpointMs: 250,
    cacheBytes: 134_217_728,
    logger,
    registry: new Registry(),
    failed: (error) => {
      throw error;
    },
  });
  await worker.run();
  const units = Array.from({ length: PARTITIONS }, (_, partition) => ({
    module: module.id,
    topic,
    partition,
  }));
  const stored = async (): Promise<boolean> => {
    const positions = await Promise.all(units.map((unit) => state.position(unit)));
    return positions.reduce((sum, position) => sum + (position?.next ?? 0), 0) === EVENTS;
  };
  await waitFor(stored, { message: 'every event is checkpointed', timeoutMs: DEADLINE_MS });
  const measured = watch.stop(EVENTS);
  await worker.stop();
  await state.close();
  return measured;
}

/** Raw consumption against reducing with checkpoints, on the same topic of a real broker, in one run. */
export async function pipeline(run: Run): Promise<void> {
  const { addresses } = await startStack({ run });
  const log = createKafkaLog({ brokers: addresses.brokers, clientId: 'bench', logger });
  const source = 'org.mitros.writing_analytics';
  const topic = eventsTopic(NAMESPACE, source);
  await log.ensureTopics([{ name: topic, partitions: PARTITIONS }]);
  await appendLoad(log, { namespace: NAMESPACE, source, events: EVENTS, students: 5_000, payloadBytes: 300 });
  const raw = await rawConsume(addresses.brokers, topic);
  const reduced = await reduce(log, addresses.redisUrl);
  await log.close();
  const ratio = reduced.eventsPerSecond / raw.eventsPerSecond;
  const bench = 'pipeline';
  printFigure({ bench, figure: 'raw_consume', value: raw.eventsPerSecond, unit: 'events/s' });
  printFigure({ bench, figure: 'raw_consume_cpu', value: raw.cpuMicrosPerEvent, unit: 'us' });
  printFigure({
    bench,
    figure: 'reduce',
    value: reduced.eventsPerSecond,
    unit: 'events/s',
    ratio,
    ratioTo: 'raw_consume',
    target: 50_000,
    met: reduced.eventsPerSecond >= 50_000 && ratio >= 0.15,
  });
  printFigure({ bench, figure: 'reduce_cpu', value: reduced.cpuMicrosPerEvent, unit: 'us' });
}
