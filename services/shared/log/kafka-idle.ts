import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { PartitionOffsets, TopicPartition } from './port.ts';

/** Where a started partition is read. */
export interface Reading extends TopicPartition {
  position: number;
  paused: boolean;
  /** Since when it has been seen behind without getting on, in milliseconds; the watchdog's measure. */
  behindSince: number | null;
}

export const keyOf = (at: TopicPartition): string => `${at.topic}/${at.partition}`;

/** A partition, or one batch, that takes longer is not slow but stuck. */
export const STUCK_MS = 60_000;
const CHECK_MS = 1_000;

export interface IdleWatchDeps {
  readonly offsets: (topic: string) => Promise<readonly PartitionOffsets[]>;
  /** By `keyOf`; an entry that is replaced or removed belongs to an assignment that is over. */
  readonly readings: ReadonlyMap<string, Reading>;
  readonly caughtUp: (at: TopicPartition, endOffset: number) => void;
  /** The log does not have the position of a reading. */
  readonly outOfRange: (reading: Reading) => void;
  readonly stuck: (error: Error) => void;
  readonly logger: Logger;
}

/**
 * Asks the log each second for its end, because kafkajs says nothing of a fetch that brings nothing: so an idle owner
 * learns that it is caught up, and trap 24 is noticed, a partition that has records but gets none.
 */
export function watchIdle(deps: IdleWatchDeps): { stop(): void } {
  const compare = (reading: Reading, { start, end }: PartitionOffsets): void => {
    const at = { topic: reading.topic, partition: reading.partition };
    if (reading.position > end || reading.position < start) {
      deps.outOfRange(reading);
      return;
    }
    if (reading.position >= end || reading.paused) reading.behindSince = null;
    else reading.behindSince ??= Date.now();
    if (reading.position >= end) deps.caughtUp(at, end);
    else if (Date.now() - (reading.behindSince ?? Date.now()) > STUCK_MS)
      deps.stuck(new Error(`${keyOf(at)} has records from ${reading.position} to ${end}, but none arrives`));
  };

  const check = async (): Promise<void> => {
    const before = [...deps.readings.values()].map((reading) => ({ reading, position: reading.position }));
    for (const topic of new Set(before.map(({ reading }) => reading.topic))) {
      const ranges = new Map((await deps.offsets(topic)).map((range) => [range.partition, range]));
      for (const { reading, position } of before) {
        const range = reading.topic === topic ? ranges.get(reading.partition) : undefined;
        const current = deps.readings.get(keyOf(reading)) === reading && reading.position === position;
        if (range !== undefined && current) compare(reading, range);
      }
    }
  };

  let checking = false;
  const timer = setInterval(() => {
    if (checking) return;
    checking = true;
    check()
      .catch((error: unknown) =>
        deps.logger.debug({ error: messageOf(error) }, 'the log did not tell its offsets'),
      )
      .finally(() => {
        checking = false;
      });
  }, CHECK_MS);
  return { stop: () => clearInterval(timer) };
}
