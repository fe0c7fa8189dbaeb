import type { Companions, FetchedRange } from './kafka-companions.ts';
import type { Following } from './kafka-following.ts';
import type { EmptyFetch } from './kafka-patch.ts';
import { batchFor, isOld, slicesOf } from './kafka-range.ts';
import { isCurrent, type Reading, type Readings, UNHEARD } from './kafka-reading.ts';
import type { Batch } from './port.ts';

/** While what a consumer fetched is in hand, it fetches nothing else: others do not wait for more of it for longer. */
const BUSY_MS = 250;
/** Nor for one that takes this many times as long as they do. */
const SLOW_TIMES = 4;
const SLOW_MS = 50;
/** How long one that was busy or slow hands on nothing. */
const ALONE_MS = 30_000;
/** Who is at most so many records ahead of another, and reads old ones, waits for it. */
const NEAR = 20_000;

export interface LeadingDeps {
  readonly readings: Readings;
  readonly companions: Companions;
  readonly following: Following;
  readonly topicId: (topic: string) => string | undefined;
  readonly isMember: () => boolean;
  /** Has a batch handled, and beats until then; resolves also when nobody waits for that any more. Never rejects. */
  readonly handle: (batch: Batch, beat: () => Promise<void>) => Promise<void>;
}

/** What the consumer does of what it fetched itself. */
export interface Delivery {
  /** A slice is handled. */
  passed(slice: FetchedRange): void;
  /** Keeps it a member: kafkajs says nothing to the group while what it fetched is in hand. */
  beat(): Promise<void>;
}

export interface Leading {
  /**
   * Has what this consumer fetched handled, and hands it on to whoever is at the same place; or leaves it, to follow one
   * that is not far behind.
   */
  deliver(reading: Reading, range: FetchedRange, delivery: Delivery): Promise<void>;
  /** A fetch of this consumer brought nothing of a partition. */
  tellNothing(reading: Reading, fetch: EmptyFetch): void;
  /** The reading is over, or waits: others must not rely on it. */
  leave(reading: Reading): void;
  /** The consumer is one of its process no longer. */
  end(): void;
}

/**
 * The other side of `kafka-following.ts`. It never waits for those who follow; and those who would get on better without
 * it are told to, so that no consumer is held up by another for long.
 */
export function createLeading(deps: LeadingDeps): Leading {
  const { readings, companions, following } = deps;
  const leads = (reading: Reading): boolean => !reading.follows && Date.now() >= reading.leadsFrom;
  let inHand = 0;
  let busy: NodeJS.Timeout | undefined;

  const standDown = (reading: Reading): void => {
    reading.leadsFrom = Date.now() + ALONE_MS;
    companions.left(reading, following);
  };

  /** Those who read what is long past have no reason to hurry. */
  const standDownWhereFresh = (): void => {
    for (const reading of readings.values()) if (leads(reading) && !reading.isOld) standDown(reading);
  };

  const during = async (reading: Reading, work: () => Promise<void>): Promise<void> => {
    reading.isDelivering = true;
    inHand += 1;
    if (inHand === 1) busy = setTimeout(standDownWhereFresh, BUSY_MS).unref();
    await work().finally(() => {
      reading.isDelivering = false;
      inHand -= 1;
      if (inHand === 0) clearTimeout(busy);
    });
  };

  /** Those who catch up get on fastest together. The one that is furthest behind never waits. */
  const waits = (reading: Reading, range: FetchedRange): boolean =>
    reading.isOld &&
    Date.now() >= reading.hurriesUntil &&
    companions
      .leaders(range, following)
      .some((position) => position < range.from && range.from - position <= NEAR);

  const deliverSlice = async (
    reading: Reading,
    slice: FetchedRange,
    beat: Delivery['beat'],
  ): Promise<void> => {
    const startedAt = Date.now();
    if (!leads(reading)) return deps.handle(batchFor(reading.position, slice), beat);
    const range = { ...slice, readers: 1 + companions.wanting(slice, following) };
    const mine = deps.handle(batchFor(reading.position, range), beat);
    const others = companions.offer(range, following);
    let othersMs: number | undefined;
    void Promise.all(others).then(() => {
      othersMs = Date.now() - startedAt;
    });
    await mine;
    if (others.length === 0 || othersMs === undefined) return;
    if (Date.now() - startedAt > SLOW_TIMES * othersMs + SLOW_MS) standDown(reading);
  };

  const deliverSlices = async (
    reading: Reading,
    slices: Iterable<FetchedRange>,
    { passed, beat }: Delivery,
  ): Promise<void> => {
    for (const slice of slices) {
      await deliverSlice(reading, slice, beat);
      if (!deps.isMember() || !isCurrent(readings, reading)) return;
      passed(slice);
      if (reading.paused) return;
    }
  };

  const part = companions.join(following);

  return {
    async deliver(reading, range, delivery) {
      reading.heardAt = Date.now();
      reading.isOld = isOld(range);
      if (waits(reading, range)) {
        companions.left(reading, following);
        return following.follow(reading);
      }
      const isShared = leads(reading) && companions.wanting(range, following) > 0;
      const slices = isShared ? slicesOf(range) : [range];
      await during(reading, () => deliverSlices(reading, slices, delivery));
    },
    tellNothing(reading, { topic, partition, fetchedFrom: from, next, endOffset }) {
      reading.isOld = false;
      if (reading.heardAt === UNHEARD || reading.position !== next || !leads(reading)) return;
      const topicId = deps.topicId(topic);
      const nothing = { records: [], readers: 0, from, next, endOffset, fetchedAt: Date.now() };
      companions.offer({ topic, partition, topicId, ...nothing }, following);
    },
    leave(reading) {
      if (!reading.follows) companions.left(reading, following);
    },
    end: part,
  };
}
