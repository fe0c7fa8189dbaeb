import type { FetchedRange } from './kafka-companions.ts';
import { REST_MS } from './kafka-settings.ts';
import { keyOf } from './partition-key.ts';
import type { TopicPartition } from './port.ts';

/** Where a started partition is read. One that is replaced or removed belongs to a `start` that is over. */
export interface Reading extends TopicPartition {
  position: number;
  paused: boolean;
  /** When a fetch last answered for it, in milliseconds since 1970; `UNHEARD` when what it tells next may be of another topic. */
  heardAt: number;
  /** The end of the partition that the last fetch told. */
  endOffset: number;
  /** Since when it has been behind without getting on, in milliseconds since 1970; the watchdog's measure. */
  behindSince: number | null;
  /** Whether it takes what other consumers of the process fetch, and is not fetched for itself. */
  follows: boolean;
  /** What it took of others: the first is in hand, the rest waits. */
  readonly taken: FetchedRange[];
  /** Whether records that were fetched for itself are in hand. */
  isDelivering: boolean;
  /** Whether the records that were fetched last are of long ago, as far as is known. */
  isOld: boolean;
  /** From when on it hands to others what is fetched for it, in milliseconds since 1970. */
  leadsFrom: number;
  /** Until when it waits for no other consumer. */
  hurriesUntil: number;
}

export const UNHEARD = 0;

/** Started ones, by `keyOf`. */
export type Readings = ReadonlyMap<string, Reading>;

/** Whether its `start` still counts. */
export const isCurrent = (readings: Readings, reading: Reading): boolean =>
  readings.get(keyOf(reading)) === reading;

function isAtRest(readings: Readings, count: number): boolean {
  if (readings.size !== count) return false;
  for (const { paused, heardAt, position, endOffset } of readings.values())
    if (paused || heardAt === UNHEARD || position < endOffset) return false;
  return true;
}

/**
 * How long a fetch for so many partitions may wait at the broker. When all are read to their ends, nothing but a record,
 * which ends it, can make it useful before the next heartbeat.
 */
export function patienceOf(
  readings: Readings,
  count: number,
  { heartbeatInterval, maxWaitTimeInMs }: { heartbeatInterval: number; maxWaitTimeInMs: number },
): number {
  return isAtRest(readings, count) ? Math.min(heartbeatInterval, REST_MS) : maxWaitTimeInMs;
}

export function newReading(at: TopicPartition, position: number): Reading {
  const { topic, partition } = at;
  return {
    topic,
    partition,
    position,
    paused: false,
    heardAt: UNHEARD,
    endOffset: 0,
    behindSince: null,
    follows: false,
    taken: [],
    isDelivering: false,
    isOld: true,
    leadsFrom: 0,
    hurriesUntil: 0,
  };
}
