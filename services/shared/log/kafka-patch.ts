import type { EachBatchHandler } from 'kafkajs';
import type Batch from 'kafkajs/src/consumer/batch.js';
import consumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import runner from 'kafkajs/src/consumer/runner.js';
import requestQueue from 'kafkajs/src/network/requestQueue/index.js';
import './kafka-encoder.ts';
import './kafka-parser.ts';
import './kafka-rejoin.ts';

/** What kafkajs 2.2.4 lacks and has no option for; its version is pinned. */

const { scheduleCheckPendingRequests } = requestQueue.prototype;

/**
 * Trap 22: every broker connection re-arms a timer of about 1 ms for ever, 4-5 % of a core with nothing to do
 * (tulios/kafkajs#1556). The timer is needed only while requests wait or the broker throttles us.
 */
requestQueue.prototype.scheduleCheckPendingRequests = function scheduleWhenPending() {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) scheduleCheckPendingRequests.call(this);
};

/** Requests have tens of seconds. */
const TIMEOUT_CHECK_MS = 5_000;

/** Every connection looks ten times a second for requests that took too long, which is most of what an idle one costs. */
requestQueue.prototype.scheduleRequestTimeoutCheck = function scheduleSeldom() {
  if (!this.enforceRequestTimeout) return;
  this.destroy();
  this.requestTimeoutIntervalId = setInterval(() => {
    for (const request of this.inflight.values())
      if (Date.now() - request.sentAt > request.requestTimeout) request.timeoutRequest();
    if (!this.isConnected()) this.destroy();
  }, TIMEOUT_CHECK_MS);
};

/** A fetch that brought no record of a partition. */
export interface EmptyFetch {
  readonly topic: string;
  readonly partition: number;
  readonly fetchedFrom: number;
  /** Where the next fetch reads: beyond `fetchedFrom` when there were only markers of transactions. */
  readonly next: number;
  readonly endOffset: number;
}

export interface FetchObserver {
  /** A fetch brought no record of a partition. */
  nothing(fetch: EmptyFetch): void;
  /**
   * For a while no fetch waited at a broker: one failed, which kafkajs mostly mends without a word, or batches were long in
   * hand.
   */
  interrupted(): void;
  /** How long the next fetch may wait at a broker for a first record, in milliseconds. */
  patienceMs(): number;
}

const observers = new WeakMap<EachBatchHandler, FetchObserver>();
const handlers = new WeakMap<object, EachBatchHandler>();

/** Has `observer` told of fetches what the handler of batches is not. */
export function observeFetches(eachBatch: EachBatchHandler, observer: FetchObserver): void {
  observers.set(eachBatch, observer);
}

const toEmptyFetch = (batch: Batch): EmptyFetch => ({
  topic: batch.topic,
  partition: batch.partition,
  fetchedFrom: Number(batch.fetchedOffset),
  next: batch.rawMessages.length === 0 ? Number(batch.fetchedOffset) : Number(batch.lastOffset()) + 1,
  endOffset: Number(batch.highWatermark),
});

/**
 * In less time nobody deletes a topic, makes it anew and fills it: each of these is a decision of the cluster's
 * controller, or waits for one. Whoever catches up asks once for each fetch, and whoever is at the end hardly ever.
 */
const GAP_MS = 10;
const answers = new WeakMap<object, Map<number, number>>();
const { fetch } = runner.prototype;

/** Each fetch tells the ends of its partitions; kafkajs drops them when there are no records. */
runner.prototype.fetch = async function fetchAndTell(nodeId) {
  const observer = observers.get(this.eachBatch);
  const answeredAt = answers.get(this) ?? new Map<number, number>();
  if (Date.now() - (answeredAt.get(nodeId) ?? Date.now()) > GAP_MS) observer?.interrupted();
  handlers.set(this.consumerGroup, this.eachBatch);
  if (observer !== undefined) this.consumerGroup.maxWaitTime = observer.patienceMs();
  const batches = await fetch.call(this, nodeId);
  answers.set(this, answeredAt.set(nodeId, Date.now()));
  if (observer !== undefined)
    for (const batch of batches) if (batch.isEmpty()) observer.nothing(toEmptyFetch(batch));
  // One heartbeat instead of one for each partition, and no turn through the queue of handlers.
  const wanted = batches.filter((batch) => batch.rawMessages.length > 0);
  if (wanted.length === 0 && batches.length > 0) await this.heartbeat();
  return wanted;
};

const { recoverFromFetch } = consumerGroup.prototype;

consumerGroup.prototype.recoverFromFetch = async function tellAndRecover(error) {
  const handler = handlers.get(this);
  if (handler !== undefined) observers.get(handler)?.interrupted();
  await recoverFromFetch.call(this, error);
};
