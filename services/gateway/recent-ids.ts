import type { EventRecord } from './envelope.ts';

/** The names of the last events that this process saw become durable, with what was in them. */
export interface RecentIds {
  contentOf(name: string): string | undefined;
  add(name: string, content: string): void;
}

/** How events are told apart, as the worker does it: by id, within one topic and key. */
export function fullNameOf({ record, idInLog }: EventRecord): string {
  return `${record.topic} ${record.key} ${idInLog}`;
}

/** Null: its id can come only once. */
export function nameOf(event: EventRecord): string | null {
  return event.ownId ? fullNameOf(event) : null;
}

export function createRecentIds(capacity: number): RecentIds {
  const contents = new Map<string, string>();
  return {
    contentOf: (name) => contents.get(name),
    add(name, content) {
      // What is said again of a name is the older word: it was told of already.
      if (contents.has(name)) return;
      contents.set(name, content);
      // A map iterates in order of insertion, so the first is the oldest.
      if (contents.size > capacity) for (const oldest of contents.keys()) return void contents.delete(oldest);
    },
  };
}
