import type { EventRecord } from './envelope.ts';

/** The last events that this process saw become durable and whose senders chose their ids. */
export interface RecentIds {
  has(event: EventRecord): boolean;
  add(event: EventRecord): void;
}

/** Ids are told apart as the worker does: within one topic and key. */
function nameOf({ record, id }: EventRecord): string {
  return `${record.topic} ${record.key} ${id}`;
}

export function createRecentIds(capacity: number): RecentIds {
  const names = new Set<string>();
  return {
    has: (event) => event.ownId && names.has(nameOf(event)),
    add(event) {
      if (!event.ownId) return;
      names.add(nameOf(event));
      // A set iterates in order of insertion, so the first is the oldest.
      if (names.size > capacity) for (const oldest of names) return void names.delete(oldest);
    },
  };
}
