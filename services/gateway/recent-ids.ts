import type { EventRecord } from './envelope.ts';

/** The names of the last events that this process saw become durable. */
export interface RecentIds {
  has(name: string): boolean;
  add(name: string): void;
}

/** How events are told apart, as the worker does it: by id, within one topic and key. Null: its id can come only once. */
export function nameOf({ record, idInLog, ownId }: EventRecord): string | null {
  return ownId ? `${record.topic} ${record.key} ${idInLog}` : null;
}

export function createRecentIds(capacity: number): RecentIds {
  const names = new Set<string>();
  return {
    has: (name) => names.has(name),
    add(name) {
      names.add(name);
      // A set iterates in order of insertion, so the first is the oldest.
      if (names.size > capacity) for (const oldest of names) return void names.delete(oldest);
    },
  };
}
