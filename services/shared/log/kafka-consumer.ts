import kafkajs, { type Consumer, type EachBatchPayload, type Kafka } from 'kafkajs';
import type { Logger } from '../logger.ts';
import { createStickyAssigner } from './kafka-assigner.ts';
import { keyOf, type Reading, STUCK_MS, watchIdle } from './kafka-idle.ts';
import { createMirror } from './kafka-mirror.ts';
import { toRecord } from './kafka-record.ts';
import type {
  ConsumerHandlers,
  ConsumerOptions,
  GroupConsumer,
  LogRecord,
  PartitionOffsets,
} from './port.ts';

/**
 * A group member on kafkajs 2.2.4, whose traps are named by their numbers in comments. Positions live with the caller:
 * the group's committed offsets are never read.
 */
export interface KafkaConsumerDeps extends ConsumerOptions {
  readonly kafka: Kafka;
  readonly logger: Logger;
  readonly sessionTimeoutMs: number;
  readonly offsets: (topic: string) => Promise<readonly PartitionOffsets[]>;
  readonly partitionCount: (topic: string) => Promise<number | null>;
}

const REBALANCE_ERRORS = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
]);
const STOP_DEADLINE_MS = 10_000;

export function createKafkaConsumer(deps: KafkaConsumerDeps): GroupConsumer {
  const { sessionTimeoutMs } = deps;
  const heartbeatInterval = Math.min(3_000, Math.floor(sessionTimeoutMs / 5));
  const sticky = createStickyAssigner();
  const consumer: Consumer = deps.kafka.consumer({
    groupId: deps.groupId,
    // The second lets members of before it was ours stay in the group while they are replaced.
    partitionAssigners: [sticky.assigner, kafkajs.PartitionAssigners.roundRobin],
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: Math.max(60_000, sessionTimeoutMs),
    heartbeatInterval,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 250, // trap 16: also how long a resume or a rebalance may go unnoticed
    maxBytes: 4_194_304, // trap 28
    maxBytesPerPartition: 524_288,
    metadataMaxAge: 60_000,
  });
  const readings = new Map<string, Reading>();
  let assigned = new Set<string>();
  let joins = 0;
  /** Trap 3: set by the first sign of a rebalance; what is still handed out then is refused until the next join. */
  let fenced: Error | null = new Error('not joined yet');
  let stopped = false;
  let handlers: ConsumerHandlers | undefined;
  const mirror = createMirror(consumer);

  const revoke = (reason: Error): void => {
    if (fenced !== null) return;
    fenced = reason;
    readings.clear();
    handlers?.revoked();
  };
  const fail = (error: Error): void => {
    revoke(error);
    if (!stopped) handlers?.failed(error);
  };

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    revoke(new Error('a new assignment'));
    joins += 1;
    const at = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    assigned = new Set(at.map(keyOf));
    sticky.assigned(payload.memberAssignment);
    // Traps 13, 15: synchronously, before the first fetch, and for all of them: old flags may have been lost.
    consumer.pause(
      Object.entries(payload.memberAssignment).map(([topic, partitions]) => ({ topic, partitions })),
    );
    fenced = null;
    if (!stopped) handlers?.assigned(at);
  });
  consumer.on(consumer.events.REBALANCING, () => revoke(new Error('the group is rebalancing')));
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    revoke(payload.error);
    deps.logger.warn(
      { groupId: deps.groupId, error: payload.error.message, restart: payload.restart },
      'the consumer crashed',
    );
    // Trap 1: kafkajs will not come back by itself.
    if (!payload.restart) fail(payload.error);
  });

  /** The log does not have what is to be read next: nothing more is delivered until the next `start`. */
  const loseRange = (reading: Reading): void => {
    const at = { topic: reading.topic, partition: reading.partition };
    readings.delete(keyOf(at));
    consumer.pause([{ topic: at.topic, partitions: [at.partition] }]);
    handlers?.outOfRange(at);
  };

  /** Trap 11: what the group answers to a heartbeat must come through. */
  const beat = (payload: EachBatchPayload): Promise<void> =>
    payload.heartbeat().catch((error: Error & { type?: string }) => {
      if (REBALANCE_ERRORS.has(error.type ?? '')) revoke(error);
      throw error;
    });

  /** Trap 10: kafkajs beats only when asked, so not while a batch is being handled. */
  const beatDuring = async (work: Promise<void>, payload: EachBatchPayload): Promise<void> => {
    const startedAt = Date.now();
    let beating = Promise.resolve();
    const timer = setInterval(() => {
      if (stopped) clearInterval(timer);
      else if (Date.now() - startedAt > STUCK_MS)
        fail(new Error(`a batch of ${payload.batch.topic} took longer than ${STUCK_MS} ms`));
      else beating = beat(payload).catch(() => undefined);
    }, heartbeatInterval);
    await work.finally(() => clearInterval(timer));
    await beating;
  };

  /**
   * What of a fetched batch is still to be read; undefined when it was fetched from elsewhere than where we read. That is
   * so after a `start`, and when the log does not have the position (trap 18: kafkajs goes on from the earliest).
   */
  const unread = async (payload: EachBatchPayload, reading: Reading): Promise<LogRecord[] | undefined> => {
    if (payload.isStale()) return undefined;
    const fetchedFrom = Number(
      (payload.batch as unknown as { readonly fetchedOffset: string }).fetchedOffset,
    );
    if (fetchedFrom !== reading.position) {
      const range = (await deps.offsets(reading.topic)).find(
        ({ partition }) => partition === reading.partition,
      );
      if (readings.get(keyOf(reading)) !== reading) return undefined;
      if (range !== undefined && (reading.position < range.start || reading.position > range.end))
        loseRange(reading);
      else
        consumer.seek({
          topic: reading.topic,
          partition: reading.partition,
          offset: String(reading.position),
        });
      return undefined;
    }
    const records = payload.batch.messages.map(toRecord).filter(({ offset }) => offset >= reading.position);
    return records.length === 0 ? undefined : records;
  };

  /** Only what the group itself said makes kafkajs rejoin; a stop, or a join that is done, needs nothing more. */
  const passOn = (reason: Error): void => {
    if (reason.name.startsWith('KafkaJS')) throw reason;
  };

  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    if (fenced !== null) return passOn(fenced);
    const at = { topic: payload.batch.topic, partition: payload.batch.partition };
    const reading = readings.get(keyOf(at));
    const records = reading === undefined ? undefined : await unread(payload, reading);
    if (reading === undefined || records === undefined || readings.get(keyOf(at)) !== reading) return;
    const endOffset = Number(payload.batch.highWatermark);
    await beatDuring(handlers!.batch({ ...at, records, endOffset }), payload);
    // Traps 4, 5: the group may have moved on meanwhile, and a `start` made in the handler must stand.
    if (fenced !== null) return passOn(fenced);
    if (readings.get(keyOf(at)) !== reading) return;
    const last = records.at(-1)!.offset;
    payload.resolveOffset(String(last));
    reading.position = last + 1;
    reading.behindSince = null;
    if (reading.position >= endOffset) handlers!.caughtUp(at, endOffset);
    await beat(payload);
  };

  let idle: { stop(): void } | undefined;

  return {
    async run(given) {
      handlers = given;
      await consumer.connect();
      idle = watchIdle({
        offsets: deps.offsets,
        readings,
        caughtUp: (at, end) => given.caughtUp(at, end),
        outOfRange: loseRange,
        stuck: fail,
        logger: deps.logger,
      });
      // Trap 18: a position out of range silently becomes the earliest, which `unread` notices.
      await consumer.subscribe({ topics: [...deps.topics], fromBeginning: true });
      const counts = await Promise.all(deps.topics.map((topic) => deps.partitionCount(topic)));
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        // Trap 17: one slow partition must not hold up those after it in the same fetch.
        partitionsConsumedConcurrently: counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
        eachBatch: (payload) =>
          eachBatch(payload).catch((error: Error) => {
            // Traps 1, 2: anything but the group's own answers is our bug, and would kill the consumer for good.
            if (!error.name.startsWith('KafkaJS')) fail(error);
            else throw error;
          }),
      });
    },
    start(at, offset) {
      if (fenced !== null || !assigned.has(keyOf(at))) return; // trap 14: a seek for others would linger
      readings.set(keyOf(at), { ...at, position: offset, paused: false, behindSince: null });
      consumer.seek({ topic: at.topic, partition: at.partition, offset: String(offset) });
      consumer.resume([{ topic: at.topic, partitions: [at.partition] }]);
    },
    pause(at) {
      const reading = readings.get(keyOf(at));
      if (reading === undefined) return;
      reading.paused = true;
      consumer.pause([{ topic: at.topic, partitions: [at.partition] }]);
    },
    resume(at) {
      const reading = readings.get(keyOf(at));
      if (reading === undefined) return;
      reading.paused = false;
      consumer.resume([{ topic: at.topic, partitions: [at.partition] }]);
    },
    async mirror(at, nextOffset) {
      const joined = joins;
      if (fenced !== null || !assigned.has(keyOf(at))) return false;
      const accepted = await mirror(at, nextOffset);
      return accepted && joined === joins && fenced === null;
    },
    async stop() {
      stopped = true;
      idle?.stop();
      revoke(new Error('stopped'));
      // Trap 21: during a join disconnect may hang or not take; the session then runs out on the broker.
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, STOP_DEADLINE_MS);
      });
      await Promise.race([consumer.disconnect().catch(() => undefined), deadline]);
      clearTimeout(timer);
    },
  };
}
