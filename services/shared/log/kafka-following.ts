import type { Companion, FetchedRange } from './kafka-companions.ts';
import type { Fetching } from './kafka-fetching.ts';
import { batchFor } from './kafka-range.ts';
import { isCurrent, type Reading, type Readings, UNHEARD } from './kafka-reading.ts';
import { keyOf } from './partition-key.ts';
import type { Batch } from './port.ts';

/** So many records may wait behind those in hand; who is further behind than that fetches for itself. */
const MOST_WAITING = 2_000;
/** A partition that somebody fetches is told of at least once a second. */
const SILENCE_MS = 3_000;
/** How long one waits for nobody that was once not told of what it waited for. */
const HURRY_MS = 30_000;

export interface FollowingDeps {
  readonly readings: Readings;
  /** Kafka's id of a topic, as this consumer knows it. */
  readonly topicId: (topic: string) => string | undefined;
  /** Whether this consumer may take anything. */
  readonly isMember: () => boolean;
  /** Has a batch handled that somebody else fetched; resolves also when nobody waits for that any more. */
  readonly handle: (batch: Batch) => Promise<void>;
  readonly gotTo: (reading: Reading, position: number, endOffset: number) => void;
  readonly gotNothing: (reading: Reading, position: number, endOffset: number) => void;
  /** A handler threw. */
  readonly failed: (error: Error) => void;
  readonly fetching: Fetching;
}

/** The consumer as the others see it, and what it does of what they hand on. */
export interface Following extends Companion {
  /** Fetches a new reading, once what is in hand of one before it is handled. */
  begin(reading: Reading): void;
  /** It is fetched no longer, but waits for what others fetch. */
  follow(reading: Reading): void;
  /** A reading that was paused goes on where it stopped. */
  resume(reading: Reading): void;
  /** Fetches what nobody has told of for some time. To be called every now and then. */
  look(): void;
}

/**
 * Consumers of one process that are at the same place of a partition, each in a group of its own, fetch it once: whoever
 * fetched it (`kafka-leading.ts`) hands it on, and the others follow, without a fetch of their own. A follower fetches
 * again from where it is as soon as nobody does it for it, it is not where the others are, or it is slower than they.
 */
export function createFollowing(deps: FollowingDeps): Following {
  const { readings, fetching } = deps;
  /** What is in hand of a partition that others fetched, which may be of a reading that is over. */
  const draining = new Map<string, Promise<void>>();

  /** Fetches from where the reading is, once what is in hand of the partition is handled. */
  const fetch = (reading: Reading): void => {
    const before = draining.get(keyOf(reading));
    reading.follows = before !== undefined;
    if (before !== undefined) return void before.then(() => isCurrent(readings, reading) && goAlone(reading));
    // Nobody has told this consumer meanwhile that the topic is still the same.
    reading.heardAt = UNHEARD;
    fetching.from(reading);
  };

  const goAlone = (reading: Reading): void => {
    if (reading.follows && !reading.paused) fetch(reading);
  };

  const follow = (reading: Reading): void => {
    if (!reading.follows) fetching.stop(reading);
    reading.follows = true;
  };

  /**
   * Whether it reads the same topic as another consumer, which knows what it fetches to be of the topic of this id. So it
   * need not ask again itself: an offset of its own was of the topic whose id it was told last.
   */
  const readsSame = (reading: Reading, topicId: string | undefined): boolean =>
    !reading.paused && deps.isMember() && deps.topicId(reading.topic) === topicId;

  const takes = (reading: Reading, { topicId, from, next, records, endOffset }: FetchedRange): boolean => {
    if (!readsSame(reading, topicId) || reading.isDelivering || endOffset < reading.endOffset) return false;
    const [inHand, ...waiting] = reading.taken;
    if (inHand !== undefined) {
      const count = waiting.reduce((sum, range) => sum + range.records.length, records.length);
      return from === (waiting.at(-1) ?? inHand).next && count <= MOST_WAITING;
    }
    return from === reading.position || (from < reading.position && reading.position < next);
  };

  const handleTaken = async (reading: Reading): Promise<void> => {
    for (let range = reading.taken[0]; range !== undefined; range = reading.taken[0]) {
      const batch = batchFor(reading.position, range);
      const isNothing = batch.records.length === 0;
      if (!isNothing) await deps.handle(batch);
      if (!isCurrent(readings, reading)) return;
      (isNothing ? deps.gotNothing : deps.gotTo)(reading, range.next, range.endOffset);
      if (reading.paused) reading.taken.length = 0;
      else reading.taken.shift();
    }
  };

  const drain = (reading: Reading): Promise<void> => {
    const key = keyOf(reading);
    const drained = handleTaken(reading)
      .catch(deps.failed)
      .finally(() => {
        if (draining.get(key) === drained) draining.delete(key);
      });
    draining.set(key, drained);
    return drained;
  };

  return {
    leadsAt(at, topicId) {
      const reading = readings.get(keyOf(at));
      if (reading === undefined || reading.follows || Date.now() < reading.leadsFrom) return null;
      return readsSame(reading, topicId) ? reading.position : null;
    },
    wants(range) {
      const reading = readings.get(keyOf(range));
      if (reading === undefined || !takes(reading, range)) return false;
      return reading.taken.length > 0 || reading.position === range.from;
    },
    offered(range) {
      const reading = readings.get(keyOf(range));
      if (reading === undefined) return null;
      if (!takes(reading, range)) {
        // The others go on to what comes after that which it still has.
        if (range.from === reading.taken.at(-1)?.next) goAlone(reading);
        return null;
      }
      follow(reading);
      reading.taken.push(range);
      return reading.taken.length === 1 ? drain(reading) : (draining.get(keyOf(range)) ?? null);
    },
    left(at) {
      const reading = readings.get(keyOf(at));
      if (reading !== undefined) goAlone(reading);
    },
    begin: fetch,
    follow,
    resume(reading) {
      if (reading.follows) fetch(reading);
      else fetching.goOn(reading);
    },
    look() {
      const now = Date.now();
      for (const reading of readings.values())
        if (reading.follows && reading.taken.length === 0 && now - reading.heardAt > SILENCE_MS) {
          reading.hurriesUntil = now + HURRY_MS;
          goAlone(reading);
        }
    },
  };
}
