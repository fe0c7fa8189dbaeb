import { eventsTopic, UNCLAIMED } from '../../../services/shared/topics.ts';
import type { WorldEvent } from './events.ts';
import type { Placed } from './repeats.ts';

export interface WaitingEvent {
  readonly event: WorldEvent;
  readonly from: NonNullable<Placed['copied']>;
}

/** The topic of unclaimed events, of which all that ever waited is copied by and by. */
export interface Waiting {
  /** What a claim sends when more waits, and it goes on so many records before the place where the last one ended. */
  add(events: readonly WorldEvent[], again: number): readonly WaitingEvent[];
}

const PARTITIONS = 2;

export function createWaiting(namespace: string): Waiting {
  const topic = eventsTopic(namespace, UNCLAIMED);
  const partitions = Array.from({ length: PARTITIONS }, (): WaitingEvent[] => []);
  return {
    add(events, again) {
      const ends = partitions.map(({ length }) => length);
      for (const event of events) {
        const partition = event.student.charCodeAt(event.student.length - 1) % PARTITIONS;
        const list = partitions[partition]!;
        list.push({ event, from: { topic, partition, offset: list.length } });
      }
      return partitions.flatMap((list, partition) => list.slice(Math.max(0, ends[partition]! - again)));
    },
  };
}
