import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { isCurrent, type Reading, type Readings } from './kafka-reading.ts';
import { keyOf } from './partition-key.ts';
import type { PartitionOffsets, TopicPartition } from './port.ts';

const CHECK_MS = 1_000;
/** A fetch answers for every partition within a second, records or not. */
const UNHEARD_MS = 5_000;

export interface WatchDeps {
  readonly readings: Readings;
  readonly offsets: (topic: string) => Promise<readonly PartitionOffsets[]>;
  /** The topics of the group, one of which tells whether the log answers. */
  readonly topics: readonly string[];
  /** Since when the oldest batch in hand is being handled, in milliseconds since 1970; null when none is. */
  readonly busySince: () => number | null;
  /** Since when the member has had no assignment, in milliseconds since 1970; null while it has one. */
  readonly withoutAssignment: () => number | null;
  /** How long a partition may be behind without getting on. */
  readonly stuckMs: number;
  /** How long joining may take. */
  readonly joinMs: number;
  readonly caughtUp: (at: TopicPartition, endOffset: number) => void;
  /** The log does not have the position of a reading. */
  readonly outOfRange: (reading: Reading) => void;
  readonly stuck: (error: Error) => void;
  readonly logger: Logger;
}

/**
 * Trap 24: a partition that has records but gets none, or a member that is in no group, with no error. Looks each second,
 * and asks the log only about partitions that no fetch told of, so it costs nothing as long as all is well. While the
 * log does not answer nobody is stuck.
 */
export function watchProgress(deps: WatchDeps): { stop(): void } {
  const { readings, stuckMs } = deps;
  const isWatched = (reading: Reading): boolean => !reading.paused && isCurrent(readings, reading);

  const compare = (reading: Reading, { start, end }: PartitionOffsets): void => {
    if (reading.position > end || reading.position < start) deps.outOfRange(reading);
    else if (reading.position === end) {
      reading.behindSince = null;
      deps.caughtUp({ topic: reading.topic, partition: reading.partition }, end);
    } else {
      reading.behindSince ??= Date.now();
      if (Date.now() - reading.behindSince > stuckMs)
        deps.stuck(
          new Error(`${keyOf(reading)} has records from ${reading.position} to ${end}, but none arrives`),
        );
    }
  };

  const checkReadings = async (): Promise<void> => {
    const now = Date.now();
    const doubtful = [...readings.values()]
      .filter(
        (reading) => !reading.paused && (now - reading.heardAt > UNHEARD_MS || reading.behindSince !== null),
      )
      .map((reading) => ({ reading, position: reading.position }));
    for (const topic of new Set(doubtful.map(({ reading }) => reading.topic))) {
      const ranges = new Map((await deps.offsets(topic)).map((range) => [range.partition, range]));
      for (const { reading, position } of doubtful) {
        const range = reading.topic === topic ? ranges.get(reading.partition) : undefined;
        if (range !== undefined && isWatched(reading) && reading.position === position)
          compare(reading, range);
      }
    }
  };

  const checkMember = async (): Promise<void> => {
    const since = deps.withoutAssignment();
    if (since === null || Date.now() - since <= deps.joinMs) return;
    await deps.offsets(deps.topics[0]!);
    if (deps.withoutAssignment() === since)
      deps.stuck(new Error(`no assignment came within ${deps.joinMs} ms`));
  };

  /** Time in which nobody could get on counts for nobody. */
  const forgive = (): void => {
    for (const reading of readings.values()) reading.behindSince = null;
  };

  let checking = false;
  let lastCheck = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    const wasStopped = now - lastCheck > 5 * CHECK_MS;
    // Trap 17: until a batch is handled, nothing more is fetched of any partition.
    const isHeldUp = now - (deps.busySince() ?? now) > CHECK_MS;
    lastCheck = now;
    if (isHeldUp || wasStopped) return forgive();
    if (checking) return;
    checking = true;
    Promise.all([checkMember(), checkReadings()])
      .catch((error: unknown) => {
        forgive();
        deps.logger.debug({ error: messageOf(error) }, 'the log did not tell its offsets');
      })
      .finally(() => {
        checking = false;
      });
  }, CHECK_MS);
  return { stop: () => clearInterval(timer) };
}
