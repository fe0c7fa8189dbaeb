import { setTimeout as sleep } from 'node:timers/promises';
import type { EmptyFetch } from './kafka-patch.ts';
import { isCurrent, type Reading, type Readings, UNHEARD } from './kafka-reading.ts';
import type { PartitionOffsets, TopicPartition } from './port.ts';

const RETRY_MS = 200;

export interface FetchedDeps {
  readonly readings: Readings;
  readonly offsets: (topic: string) => Promise<readonly PartitionOffsets[]>;
  /** Whether the topic is still the one that was asked for before; rejects when that cannot be known. */
  readonly isSameTopic: (topic: string) => Promise<boolean>;
  readonly seek: (at: TopicPartition, offset: number) => void;
  /** The log does not have what is to be read next. */
  readonly lose: (reading: Reading) => void;
  readonly caughtUp: (at: TopicPartition, endOffset: number) => void;
}

export interface Fetched {
  /** Whether what was fetched from an offset is what is to be read next. Never rejects. */
  isNext(reading: Reading, fetchedFrom: number, endOffset: number): Promise<boolean>;
  /** The reading got to `position`. */
  gotTo(reading: Reading, position: number, endOffset: number): void;
  /** It got there without a record: if that is the end, it has all that there is. */
  gotNothing(reading: Reading, position: number, endOffset: number): void;
  /** A fetch brought no record of it. */
  nothing(reading: Reading, fetch: EmptyFetch): void;
  /** Whatever is fetched next may be of other topics. */
  doubt(): void;
  /** The position of the reading is not in the log. */
  outOfRange(reading: Reading): void;
}

/** What the answers to fetches mean for readings. */
export function createFetched(deps: FetchedDeps): Fetched {
  const { readings } = deps;

  const confirm = async (reading: Reading): Promise<void> => {
    if (await deps.isSameTopic(reading.topic)) return;
    for (const other of [...readings.values()]) if (other.topic === reading.topic) deps.lose(other);
  };

  /** Of a topic that was made anew every partition is lost, and told so once. */
  const loseRange = async (reading: Reading): Promise<void> => {
    await confirm(reading).catch(() => undefined);
    if (isCurrent(readings, reading)) deps.lose(reading);
  };

  /** Trap 18: kafkajs goes on from the earliest offset when the log does not have the one that it asked for. */
  const locate = async (reading: Reading): Promise<void> => {
    const ranges = await deps.offsets(reading.topic);
    const range = ranges.find(({ partition }) => partition === reading.partition);
    if (!isCurrent(readings, reading)) return;
    if (range !== undefined && (reading.position < range.start || reading.position > range.end))
      await loseRange(reading);
    else deps.seek(reading, reading.position);
  };

  const isDoubtful = (reading: Reading, endOffset: number): boolean =>
    reading.heardAt === UNHEARD || endOffset < reading.endOffset;

  const isNext = async (reading: Reading, fetchedFrom: number, endOffset: number): Promise<boolean> => {
    try {
      if (fetchedFrom !== reading.position) {
        await locate(reading);
        return false;
      }
      if (isDoubtful(reading, endOffset)) await confirm(reading);
      return isCurrent(readings, reading) && fetchedFrom === reading.position;
    } catch {
      // Fetched again, until Kafka tells what it is.
      await sleep(RETRY_MS);
      return false;
    }
  };

  const gotTo = (reading: Reading, position: number, endOffset: number): void => {
    const gotOn = position > reading.position;
    reading.position = position;
    reading.heardAt = Date.now();
    reading.endOffset = endOffset;
    if (position >= endOffset || gotOn) reading.behindSince = null;
    else reading.behindSince ??= Date.now();
  };

  const gotNothing = (reading: Reading, position: number, endOffset: number): void => {
    gotTo(reading, position, endOffset);
    if (position >= endOffset)
      deps.caughtUp({ topic: reading.topic, partition: reading.partition }, endOffset);
  };

  return {
    isNext,
    gotTo,
    gotNothing,
    doubt() {
      // What others fetch is theirs to doubt.
      for (const reading of readings.values()) if (!reading.follows) reading.heardAt = UNHEARD;
    },
    outOfRange: (reading) => void loseRange(reading),
    nothing(reading, { fetchedFrom, next, endOffset }) {
      if (fetchedFrom === reading.position && !isDoubtful(reading, endOffset))
        return gotNothing(reading, next, endOffset);
      void isNext(reading, fetchedFrom, endOffset).then(
        (isIt) => isIt && gotNothing(reading, next, endOffset),
      );
    },
  };
}
