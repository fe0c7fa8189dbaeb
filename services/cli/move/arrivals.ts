import { LecternError } from '../../shared/errors.ts';
import { keyOf } from '../../shared/log/partition-key.ts';
import type { EventLog, TopicPartition } from '../../shared/log/port.ts';
import { type MovedFrom, movedFrom } from './moved-headers.ts';

/** Where something stands in the new namespace. */
export interface NewPlace {
  readonly partition: number;
  readonly offset: number;
}

/** What of a move is in the new namespace already, read back from there. */
export interface Arrivals {
  /**
   * Reads what a topic got since the last look; its records must come from the topic `from`. Throws CONFIG_INVALID at one
   * that no move of that topic brought, and at one that is there twice.
   */
  look(topic: string, from: string): Promise<void>;
  /** How many records of a topic were looked at. */
  count(topic: string): number;
  /** The last origin in a partition of those that come from an old partition; -1 for none. */
  last(at: TopicPartition, originPartition: number): number;
  /** The last origin of an old partition, wherever it went; -1 for none. */
  highest(topic: string, originPartition: number): number;
  /** Has the new places of some origins noted, by the looks to come. */
  want(origins: Iterable<MovedFrom>): void;
  /** Null for an origin that is not there, or was not wanted. */
  placeOf(origin: MovedFrom): NewPlace | null;
}

export interface ArrivalsDeps {
  readonly log: Pick<EventLog, 'offsets' | 'read'>;
  /** Offsets of a topic that are not looked at, because something else stands there; 0 unless told. */
  readonly skipped: (topic: string) => number;
}

const nameOf = ({ topic, partition, offset }: MovedFrom): string => `${topic}/${partition}@${offset}`;

/**
 * Whatever came in of one old partition stands in each new one in the order in which it stood before, so that a number for
 * each pair of them says all. Once for a run everything is looked at: a header a record.
 */
export function createArrivals({ log, skipped }: ArrivalsDeps): Arrivals {
  /** By new partition: where the next look begins. */
  const positions = new Map<string, number>();
  /** By new partition, the last origin of each old one. */
  const lasts = new Map<string, Map<number, number>>();
  /** By topic, the same over all its partitions. */
  const highests = new Map<string, Map<number, number>>();
  const counts = new Map<string, number>();
  const wanted = new Set<string>();
  const places = new Map<string, NewPlace>();

  const note = (at: TopicPartition, offset: number, from: string, origin: MovedFrom | null): void => {
    const where = `offset ${offset} of ${at.topic}/${at.partition}`;
    if (origin === null || origin.topic !== from)
      throw new LecternError(
        'CONFIG_INVALID',
        `${where} was not moved from ${from}: the namespace is in use already, or has something else; give another one`,
      );
    const ofPartition = lasts.get(keyOf(at)) ?? new Map<number, number>();
    lasts.set(keyOf(at), ofPartition);
    if (origin.offset <= (ofPartition.get(origin.partition) ?? -1))
      throw new LecternError(
        'CONFIG_INVALID',
        `${where} is offset ${origin.offset} of ${from}/${origin.partition}, which was there already, or comes too late: ` +
          'two moves ran at a time; move into another namespace',
      );
    ofPartition.set(origin.partition, origin.offset);
    const ofTopic = highests.get(at.topic) ?? new Map<number, number>();
    highests.set(at.topic, ofTopic);
    ofTopic.set(origin.partition, Math.max(ofTopic.get(origin.partition) ?? -1, origin.offset));
    const name = wanted.size === 0 ? '' : nameOf(origin);
    if (wanted.has(name)) places.set(name, { partition: at.partition, offset });
  };

  const lookAt = async (at: TopicPartition, from: string, start: number, end: number): Promise<void> => {
    const key = keyOf(at);
    if (start > (positions.get(key) ?? 0))
      throw new LecternError(
        'CONFIG_INVALID',
        `${at.topic}/${at.partition} has lost its first records, so that it is not known what was moved: give another namespace`,
      );
    const position = positions.get(key) ?? skipped(at.topic);
    if (position >= end) return;
    for await (const records of log.read({ ...at, from: position, to: end })) {
      for (const { offset, headers } of records) note(at, offset, from, movedFrom(headers));
      counts.set(at.topic, (counts.get(at.topic) ?? 0) + records.length);
    }
    positions.set(key, end);
  };

  return {
    async look(topic, from) {
      for (const { partition, start, end } of await log.offsets(topic))
        await lookAt({ topic, partition }, from, start, end);
    },
    count: (topic) => counts.get(topic) ?? 0,
    last: (at, originPartition) => lasts.get(keyOf(at))?.get(originPartition) ?? -1,
    highest: (topic, originPartition) => highests.get(topic)?.get(originPartition) ?? -1,
    want(origins) {
      for (const origin of origins) wanted.add(nameOf(origin));
    },
    placeOf: (origin) => places.get(nameOf(origin)) ?? null,
  };
}
