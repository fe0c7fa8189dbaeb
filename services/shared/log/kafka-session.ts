import type { EachBatchPayload } from 'kafkajs';
import { systemClock } from '../clock.ts';
import { sleepUntil } from '../sleep-until.ts';
import { saysRebalance } from './kafka-faults.ts';
import { createFetched } from './kafka-fetched.ts';
import { createFetching } from './kafka-fetching.ts';
import { createFollowing } from './kafka-following.ts';
import { createInHand } from './kafka-in-hand.ts';
import { createLeading } from './kafka-leading.ts';
import { createKafkaMember } from './kafka-member.ts';
import { createMirror } from './kafka-mirror.ts';
import { observeFetches } from './kafka-patch.ts';
import { isCurrent, newReading, patienceOf, type Reading, UNHEARD } from './kafka-reading.ts';
import { toRecord } from './kafka-record.ts';
import type { KafkaSession, KafkaSessionDeps } from './kafka-session-port.ts';
import { sessionSettings } from './kafka-settings.ts';
import { watchProgress } from './kafka-watch.ts';
import { keyOf } from './partition-key.ts';
import type { Batch } from './port.ts';

const STOP_DEADLINE_MS = 10_000;

/**
 * One membership of a group on kafkajs 2.2.4, whose traps are named by their numbers in comments. Positions live with
 * the caller: the group's committed offsets are never read.
 */
export function createKafkaSession(deps: KafkaSessionDeps): KafkaSession {
  const { handlers, identity, sticky } = deps;
  const config = sessionSettings(deps.sessionTimeoutMs, deps.alone);
  const { consumer, fetchIds } = createKafkaMember(deps, config);
  const readings = new Map<string, Reading>();
  let assigned = new Set<string>();
  let joins = 0;
  /** Trap 3: set by the first sign of a rebalance; what is still handed out then is refused until the next join. */
  let fenced: Error | null = new Error('not joined yet');
  let fencedAt = Date.now();
  let over = false;
  const mirror = createMirror(consumer);
  const fetching = createFetching(consumer);

  const revoke = (reason: Error): void => {
    if (fenced !== null) return;
    fenced = reason;
    fencedAt = Date.now();
    for (const reading of readings.values()) leading.leave(reading);
    readings.clear();
    handlers.revoked();
  };
  /** After it no handler is called any more, but for what is in hand. */
  const end = (reason: Error): boolean => {
    if (over) return false;
    revoke(reason);
    over = true;
    leading.end();
    watch?.stop();
    inHand.abandon();
    return true;
  };
  const fail = (error: Error): void => {
    if (end(error)) handlers.failed(error);
  };
  const endEarly = (error: Error): void => {
    if (end(error)) deps.ended(error);
  };

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    if (over) return;
    revoke(new Error('a new assignment'));
    joins += 1;
    const given = Object.entries(payload.memberAssignment);
    const at = given.flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));
    assigned = new Set(at.map(keyOf));
    sticky.assigned(payload.memberAssignment);
    // Traps 13, 15: synchronously, before the first fetch, and for all of them: old flags may have been lost.
    consumer.pause(given.map(([topic, partitions]) => ({ topic, partitions })));
    fenced = null;
    handlers.assigned(at);
  });
  consumer.on(consumer.events.REBALANCING, () => revoke(new Error('the group is rebalancing')));
  // Trap 1: kafkajs will not come back by itself.
  consumer.on(consumer.events.CRASH, ({ payload }) => endEarly(payload.error));

  /** Nothing more of it is delivered until the next `start`. */
  const lose = (reading: Reading): void => {
    const at = { topic: reading.topic, partition: reading.partition };
    readings.delete(keyOf(at));
    fetching.stop(at);
    leading.leave(reading);
    handlers.outOfRange(at);
  };
  const fetched = createFetched({
    readings,
    offsets: deps.offsets,
    isSameTopic: (topic) => identity.isSame(topic, fetchIds),
    seek: ({ topic, partition }, offset) => consumer.seek({ topic, partition, offset: String(offset) }),
    lose,
    caughtUp: handlers.caughtUp,
  });

  /** Trap 11: what the group answers to a heartbeat must come through. */
  const beat = (payload: EachBatchPayload): Promise<void> =>
    payload.heartbeat().catch((error: Error) => {
      if (saysRebalance(error)) revoke(error);
      throw error;
    });

  const inHand = createInHand({
    heartbeatMs: config.heartbeatInterval,
    stuckMs: deps.batchMs,
    isOver: () => over,
    progress: (at) => handlers.progress?.(at),
    stuck: endEarly,
  });

  const common = {
    readings,
    topicId: identity.idOf,
    isMember: () => !over && fenced === null,
    handle: (batch: Batch, heartbeat?: () => Promise<void>) =>
      inHand.during(handlers.batch(batch), batch, heartbeat).catch(fail),
  };
  const { gotTo, gotNothing } = fetched;
  const following = createFollowing({ ...common, gotTo, gotNothing, failed: fail, fetching });
  const leading = createLeading({ ...common, companions: deps.companions, following });

  /** Only what the group itself said makes kafkajs rejoin; a stop, or a join that is done, needs nothing more. */
  const passOn = (reason: Error): void => {
    if (reason.name.startsWith('KafkaJS')) throw reason;
  };

  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    if (fenced !== null) return passOn(fenced);
    const fetchedAt = Date.now();
    const { batch } = payload;
    const at = { topic: batch.topic, partition: batch.partition };
    const reading = readings.get(keyOf(at));
    if (reading === undefined || payload.isStale()) return;
    const endOffset = Number(batch.highWatermark);
    const { fetchedOffset } = batch as unknown as { readonly fetchedOffset: string };
    const from = Number(fetchedOffset);
    if (!(await fetched.isNext(reading, from, endOffset))) return;
    const records = batch.messages.map(toRecord);
    if (records.length === 0 || reading.follows || reading.isDelivering) return;
    const next = Math.max(records.at(-1)!.offset, Number(batch.lastOffset())) + 1;
    const topicId = identity.idOf(at.topic);
    const range = { ...at, topicId, from, records, next, endOffset, fetchedAt, readers: 1 };
    await leading.deliver(reading, range, {
      passed(slice) {
        payload.resolveOffset(String(slice.records.at(-1)!.offset));
        gotTo(reading, slice.next, endOffset);
      },
      beat: () => beat(payload),
    });
    // Traps 4, 5: the group may have moved on meanwhile, and a `start` made in the handler must stand.
    if (fenced !== null) return passOn(fenced);
    if (isCurrent(readings, reading)) await beat(payload);
  };
  const handleBatch = (payload: EachBatchPayload): Promise<void> =>
    eachBatch(payload).catch((error: Error) => {
      // Traps 1, 2: anything but the group's own answers is our bug, and would kill the consumer for good.
      if (error.name.startsWith('KafkaJS')) throw error;
      fail(error);
    });
  observeFetches(handleBatch, {
    nothing(fetch) {
      const reading = readings.get(keyOf(fetch));
      if (reading === undefined || reading.paused || reading.follows) return;
      fetched.nothing(reading, fetch);
      leading.tellNothing(reading, fetch);
    },
    // The next one may be answered out of another topic of the same name.
    interrupted: fetched.doubt,
    patienceMs() {
      following.look();
      return patienceOf(readings, assigned.size, config);
    },
  });

  let watch: { stop(): void } | undefined;

  return {
    async run() {
      await consumer.connect();
      // Trap 18: a position out of range silently becomes the earliest, which `fetched` notices.
      await consumer.subscribe({ topics: [...deps.topics], fromBeginning: true });
      const counts = await Promise.all(deps.topics.map((topic) => deps.partitionCount(topic)));
      // Before the first record can come; what is asked later is compared with it.
      for (const topic of deps.topics) await identity.learn(topic, fetchIds).catch(() => undefined);
      if (over) return;
      watch = watchProgress({
        ...deps,
        readings,
        busySince: inHand.since,
        withoutAssignment: () => (fenced === null ? null : fencedAt),
        joinMs: config.rebalanceTimeout + deps.stuckMs,
        caughtUp: handlers.caughtUp,
        outOfRange: fetched.outOfRange,
        stuck: endEarly,
      });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        // Trap 17: one slow partition must not hold up those after it in the same fetch.
        partitionsConsumedConcurrently: counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
        eachBatch: handleBatch,
      });
    },
    start(at, offset) {
      if (fenced !== null || !assigned.has(keyOf(at))) return; // trap 14: a seek for others would linger
      const before = readings.get(keyOf(at));
      if (before !== undefined) leading.leave(before);
      const reading = newReading(at, offset);
      readings.set(keyOf(at), reading);
      following.begin(reading);
    },
    pause(at) {
      const reading = readings.get(keyOf(at));
      if (reading === undefined) return;
      reading.paused = true;
      fetching.stop(at);
      leading.leave(reading);
    },
    resume(at) {
      const reading = readings.get(keyOf(at));
      if (reading === undefined) return;
      reading.paused = false;
      reading.heardAt = UNHEARD;
      following.resume(reading);
    },
    async mirror(at, nextOffset) {
      const joined = joins;
      if (fenced !== null || !assigned.has(keyOf(at))) return false;
      const accepted = await mirror(at, nextOffset);
      return accepted && joined === joins && fenced === null;
    },
    settled: inHand.settled,
    async stop() {
      end(new Error('stopped'));
      // Trap 21: during a join disconnect may hang or not take; the session then runs out on the broker.
      await sleepUntil(
        systemClock,
        STOP_DEADLINE_MS,
        consumer.disconnect().catch(() => undefined),
      );
    },
  };
}
