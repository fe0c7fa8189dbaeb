import type { ArchivedPartition } from '../shared/archive/object-name.ts';
import { messageOf } from '../shared/errors.ts';
import { keyOf } from '../shared/log/partition-key.ts';
import type { EventLog, PartitionOffsets } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';

/** A partition, as far as it is archived. */
export interface ArchivedSoFar {
  readonly of: ArchivedPartition;
  /** One past the last offset that is archived, or null before that is known. */
  readonly archivedTo: number | null;
  /** When the log appended the oldest record in memory, in milliseconds since 1970, or null. */
  readonly oldestBuffered: number | null;
}

export interface WaitingRecordsDeps {
  readonly log: Pick<EventLog, 'offsets' | 'mirrored' | 'read'>;
  readonly group: string;
  readonly logger: Logger;
}

/** The records that wait in the log, of partitions that have none in memory: paused, stopped, or not begun yet. */
export interface WaitingRecords {
  /** Asks the log about those partitions, and forgets all others. While it does not answer, what was known stays. */
  look(partitions: readonly ArchivedSoFar[]): Promise<void>;
  /**
   * When the log appended the oldest record of a partition that is in no object, in milliseconds since 1970; null when
   * there is none, undefined when that is not known yet.
   */
  oldest(one: ArchivedSoFar): number | null | undefined;
}

interface Looked {
  /** Where the records begin that wait, as far as the log has them. */
  readonly from: number;
  /** Of the first of them; null when there is none. */
  readonly timestamp: number | null;
}

export function createWaitingRecords({ log, group, logger }: WaitingRecordsDeps): WaitingRecords {
  let known = new Map<string, Looked>();

  const timestampAt = async (
    { topic, partition }: ArchivedPartition,
    offset: number,
  ): Promise<number | null> => {
    for await (const [record] of log.read({ topic, partition, from: offset, to: offset + 1 }))
      return record!.timestamp;
    return null;
  };

  const lookAt = async (
    { of, archivedTo }: ArchivedSoFar,
    { start, end }: PartitionOffsets,
    hints: ReadonlyMap<number, number>,
  ): Promise<Looked> => {
    // Until the archive tells where it ends, the group's offset says it: what was mirrored is archived.
    const from = Math.max(start, archivedTo ?? hints.get(of.partition) ?? 0);
    if (from >= end) return { from, timestamp: null };
    const before = known.get(keyOf(of));
    if (before?.from === from && before.timestamp !== null) return before;
    return { from, timestamp: await timestampAt(of, from) };
  };

  const lookAtTopic = async (
    topic: string,
    partitions: readonly ArchivedSoFar[],
  ): Promise<Map<string, Looked>> => {
    const offsets = new Map((await log.offsets(topic)).map((one) => [one.partition, one]));
    const isUnsure = partitions.some(({ archivedTo }) => archivedTo === null);
    const hints = isUnsure ? await log.mirrored(group, topic) : new Map<number, number>();
    const found = new Map<string, Looked>();
    for (const one of partitions) {
      const at = offsets.get(one.of.partition);
      if (at !== undefined) found.set(keyOf(one.of), await lookAt(one, at, hints));
    }
    return found;
  };

  return {
    async look(partitions) {
      const idle = partitions.filter(({ oldestBuffered }) => oldestBuffered === null);
      const next = new Map<string, Looked>();
      for (const topic of new Set(idle.map(({ of }) => of.topic))) {
        const ofTopic = idle.filter(({ of }) => of.topic === topic);
        const found = await lookAtTopic(topic, ofTopic).catch((error: unknown) => {
          logger.debug({ topic, error: messageOf(error) }, 'the log does not tell what waits to be archived');
          return known;
        });
        for (const { of } of ofTopic) {
          const looked = found.get(keyOf(of));
          if (looked !== undefined) next.set(keyOf(of), looked);
        }
      }
      known = next;
    },
    oldest({ of, archivedTo, oldestBuffered }) {
      if (oldestBuffered !== null) return oldestBuffered;
      const looked = known.get(keyOf(of));
      if (looked === undefined) return archivedTo === null ? undefined : null;
      // What was seen waiting has been archived meanwhile.
      return archivedTo !== null && archivedTo > looked.from ? null : looked.timestamp;
    },
  };
}
