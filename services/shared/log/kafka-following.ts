import { systemClock } from '../clock.ts';
import { sleepUntil } from '../sleep-until.ts';
import type { Companion, Companions, FetchedRange } from './kafka-companions.ts';
import type { Fetching } from './kafka-fetching.ts';
import type { EmptyFetch } from './kafka-patch.ts';
import { type Reading, type Readings, UNHEARD } from './kafka-reading.ts';
import { keyOf } from './partition-key.ts';
import type { Batch, TopicPartition } from './port.ts';

/** So many records are handed on at a time: what one consumer decoded of them is in the processor's caches for the others. */
const SLICE = 256;
/**
 * Who takes this much longer than the others goes on alone, and so for a while. Counted in ticks, because all of them
 * are slow when the process has much to do.
 */
const TICK_MS = 50;
const PATIENCE_TICKS = 20;
/** Of records that are older than this, nobody looks at how fresh the states are. */
const OLD_MS = 10_000;
const FAR_PATIENCE_TICKS = 200;
const ALONE_MS = 30_000;
/** A partition that somebody fetches is told of at least once a second. */
const SILENCE_MS = 3_000;
/** Who is at most so many records ahead of another, and reads old ones, waits for it. */
const NEAR = 20_000;

export interface FollowingDeps {
  readonly readings: Readings;
  readonly companions: Companions;
  /** Kafka's id of a topic, as this consumer knows it. */
  readonly topicId: (topic: string) => string | undefined;
  /** Whether this consumer may take anything. */
  readonly isMember: () => boolean;
  /** Has a batch handled, and beats until then; resolves also when nobody waits for that any more. Never rejects. */
  readonly handle: (batch: Batch, beat: () => Promise<void>) => Promise<void>;
  readonly gotTo: (reading: Reading, position: number, endOffset: number) => void;
  readonly fetching: Fetching;
}

/** What the consumer does of what it fetched itself. */
export interface Delivery {
  /** A slice is handled. */
  passed(slice: FetchedRange): void;
  /** Keeps it a member: kafkajs fetches nothing else, and says nothing to the group, while it handles what it fetched. */
  beat(): Promise<void>;
}

export interface Following {
  /**
   * Has what this consumer fetched handled, by itself and by whoever is at the same place; or leaves it, to follow one
   * that is not far behind.
   */
  deliver(reading: Reading, range: FetchedRange, delivery: Delivery): Promise<void>;
  /** A fetch of this consumer brought nothing of a partition. */
  tellNothing(reading: Reading, fetch: EmptyFetch): void;
  /** The reading is over, or waits: others must not rely on it. */
  leave(reading: Reading): void;
  /** A reading that was paused goes on where it stopped. */
  resume(reading: Reading): void;
  /** Fetches what nobody has told of for some time. To be called every now and then. */
  look(): void;
  /** No batch is taken from others any more. */
  end(): void;
}

function* slicesOf(range: FetchedRange): Iterable<FetchedRange> {
  let { from } = range;
  for (let first = 0; first < range.records.length; first += SLICE) {
    const records = range.records.slice(first, first + SLICE);
    const isLast = first + SLICE >= range.records.length;
    const next = isLast ? range.next : records.at(-1)!.offset + 1;
    yield { ...range, from, records, next };
    from = next;
  }
}

/**
 * Consumers of one process that are at the same place of a partition, each in a group of its own, fetch it once: whoever
 * fetched it hands it on, and the others follow, without a fetch of their own. A follower goes on alone from where it is
 * as soon as nobody fetches for it, it is not where the others are, or it is slower than they; so nobody waits for long.
 */
export function createFollowing(deps: FollowingDeps): Following {
  const { readings, companions, fetching } = deps;
  const isCurrent = (reading: Reading): boolean => readings.get(keyOf(reading)) === reading;

  /** Nobody has told this consumer meanwhile that the topic is still the same. */
  const fetch = (reading: Reading): void => {
    reading.heardAt = UNHEARD;
    fetching.from(reading);
  };

  /** Fetches again, once the batch in hand is handled. */
  const goAlone = (reading: Reading): void => {
    if (!reading.follows || reading.paused) return;
    reading.follows = false;
    if (!reading.isInHand) fetch(reading);
  };

  const follow = (reading: Reading): void => {
    if (!reading.follows) fetching.stop(reading);
    reading.follows = true;
  };

  /** The others went on to what comes after that which it still has in hand. */
  const miss = (reading: Reading): void => {
    reading.aloneUntil = Date.now() + ALONE_MS;
    goAlone(reading);
  };

  const mayTake = (reading: Reading, { topicId, from, next, endOffset }: FetchedRange): boolean => {
    if (reading.paused || reading.isInHand || !deps.isMember()) return false;
    if (Date.now() < reading.aloneUntil) return false;
    if (reading.heardAt === UNHEARD || endOffset < reading.endOffset) return false;
    if (deps.topicId(reading.topic) !== topicId) return false;
    return from === reading.position || (from < reading.position && reading.position < next);
  };

  const take = async (reading: Reading, range: FetchedRange): Promise<void> => {
    follow(reading);
    reading.isInHand = true;
    reading.inHandEnd = range.next;
    const batch = batchFor(reading, range);
    // Its own consumer fetches other partitions meanwhile, or waits: that is when kafkajs beats by itself.
    if (batch.records.length > 0) await deps.handle(batch, async () => undefined);
    reading.isInHand = false;
    if (!isCurrent(reading)) return;
    deps.gotTo(reading, range.next, range.endOffset);
    if (!reading.follows && !reading.paused) fetch(reading);
  };

  /** Those who catch up get on fastest together. The one that is furthest behind never waits. */
  const waits = (reading: Reading, range: FetchedRange): boolean =>
    Date.now() >= Math.max(reading.aloneUntil, reading.hurriesUntil) &&
    isFar(range) &&
    companions
      .positions(range, companion)
      .some((position) => position < range.from && range.from - position <= NEAR);

  const companion: Companion = {
    positionOf(at, topicId) {
      const reading = readings.get(keyOf(at));
      if (reading === undefined || reading.paused || !deps.isMember()) return null;
      if (reading.heardAt === UNHEARD || Date.now() < reading.aloneUntil) return null;
      return deps.topicId(at.topic) === topicId ? reading.position : null;
    },
    wants(range) {
      const reading = readings.get(keyOf(range));
      return reading !== undefined && mayTake(reading, range);
    },
    offered(range) {
      const reading = readings.get(keyOf(range));
      if (reading === undefined) return null;
      if (mayTake(reading, range)) return take(reading, range);
      if (reading.follows && reading.isInHand && range.from === reading.inHandEnd) miss(reading);
      return null;
    },
    left(at) {
      const reading = readings.get(keyOf(at));
      if (reading !== undefined) goAlone(reading);
    },
  };
  const part = companions.join(companion);

  const deliverSlice = async (
    reading: Reading,
    slice: FetchedRange,
    beat: Delivery['beat'],
  ): Promise<void> => {
    let isHandled = false;
    const isAlone = Date.now() < reading.aloneUntil;
    const readers = isAlone ? 1 : 1 + companions.wanting(slice, companion);
    const range = { ...slice, readers };
    const mine = deps.handle(batchFor(reading, range), beat).then(() => {
      isHandled = true;
    });
    const others = isAlone ? [] : companions.offer(range, companion);
    if (others.length > 0) await patience(isFar(slice), Promise.all([mine, ...others]));
    if (!isHandled && others.length > 0) {
      reading.aloneUntil = Date.now() + ALONE_MS;
      companions.left(slice, companion);
    }
    await mine;
  };

  return {
    async deliver(reading, range, { passed, beat }) {
      reading.heardAt = Date.now();
      if (waits(reading, range)) return follow(reading);
      const isShared = companions.wanting(range, companion) > 0;
      reading.isInHand = true;
      for (const slice of isShared ? slicesOf(range) : [range]) {
        await deliverSlice(reading, slice, beat);
        if (!deps.isMember() || !isCurrent(reading)) break;
        passed(slice);
        if (reading.paused) break;
      }
      reading.isInHand = false;
    },
    tellNothing(reading, { fetchedFrom: from, next, endOffset }) {
      if (reading.heardAt === UNHEARD || reading.position !== next) return;
      const topicId = deps.topicId(reading.topic);
      const nothing = { records: [], readers: 0, from, next, endOffset };
      companions.offer({ ...atOf(reading), topicId, ...nothing }, companion);
    },
    leave(reading) {
      if (!reading.follows) companions.left(reading, companion);
    },
    resume(reading) {
      const wasFollowing = reading.follows;
      reading.follows = false;
      if (!wasFollowing) fetching.goOn(reading);
      else if (!reading.isInHand) fetch(reading);
    },
    look() {
      const now = Date.now();
      for (const reading of readings.values())
        if (reading.follows && !reading.isInHand && now - reading.heardAt > SILENCE_MS) {
          reading.hurriesUntil = now + ALONE_MS;
          goAlone(reading);
        }
    },
    end: part,
  };
}

const isFar = ({ records }: FetchedRange): boolean => Date.now() - records.at(-1)!.timestamp > OLD_MS;

/** Resolves with the work, or when nobody should wait for it any longer. */
async function patience(isLong: boolean, work: Promise<unknown>): Promise<void> {
  let isDone = false;
  const done = work.then(() => {
    isDone = true;
  });
  const ticks = isLong ? FAR_PATIENCE_TICKS : PATIENCE_TICKS;
  for (let tick = 0; tick < ticks && !isDone; tick++) await sleepUntil(systemClock, TICK_MS, done);
}

/** Those who begin in the middle of a range get an array of their own. */
function batchFor({ position }: Reading, range: FetchedRange): Batch {
  const { from, records, endOffset, readers } = range;
  if (from === position) return { ...atOf(range), records, endOffset, readers };
  const rest = records.filter(({ offset }) => offset >= position);
  return { ...atOf(range), records: rest, endOffset };
}

function atOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
