import type { EventRecord } from './envelope.ts';
import type { Publisher } from './publisher.ts';
import { createRecentIds, nameOf } from './recent-ids.ts';

/** Events that are on their way into the log together, and whoever waits for them. */
export interface Append {
  /** Resolves when they are durable, rejects when they will not be. */
  readonly kept: Promise<void>;
  /** One more request waits for it. */
  join(): void;
  /** One waits no longer. After the last one, what no attempt was made for is dropped: its sender will come again. */
  leave(): void;
}

/**
 * Appends events, and knows those of them whose senders chose their ids: the last 10,000 that became durable, and all
 * that are on their way, which the queue bounds. So an event that is sent again is not appended again.
 */
export interface Appends {
  known(event: EventRecord): 'durable' | Append | undefined;
  /** Joined by who calls it. Null: the queue has no room, nothing was taken. */
  append(events: readonly EventRecord[]): Append | null;
  isFull(): boolean;
}

const RECENT_IDS = 10_000;

export interface AppendsDeps {
  readonly publisher: Pick<Publisher, 'publish' | 'isFull'>;
  /** How long it took until events were durable. */
  readonly onKept: (durationMs: number) => void;
  readonly clockMs: () => number;
}

export function createAppends({ publisher, onKept, clockMs }: AppendsDeps): Appends {
  const recent = createRecentIds(RECENT_IDS);
  const onTheWay = new Map<string, Append>();

  return {
    isFull: publisher.isFull,
    known(event) {
      const name = nameOf(event);
      if (name === null) return undefined;
      return recent.has(name) ? 'durable' : onTheWay.get(name);
    },
    append(events) {
      const since = clockMs();
      const ticket = publisher.publish(events.map(({ record }) => record));
      if (ticket === null) return null;
      const names = new Map(events.map((event) => [event.record, nameOf(event)]));
      let waiting = 1;
      let over = false;
      const append: Append = {
        kept: ticket.kept,
        join: () => void waiting++,
        leave() {
          waiting--;
          if (waiting > 0 || over) return;
          for (const record of ticket.cancel()) {
            const name = names.get(record);
            if (typeof name === 'string') onTheWay.delete(name);
            names.delete(record);
          }
        },
      };
      for (const name of names.values()) if (name !== null) onTheWay.set(name, append);
      const arrived = (durable: boolean): void => {
        over = true;
        for (const name of names.values()) {
          if (name === null) continue;
          onTheWay.delete(name);
          if (durable) recent.add(name);
        }
      };
      // Also when nobody waits any more: a repeat is then recognised.
      ticket.kept.then(
        () => {
          arrived(true);
          onKept(clockMs() - since);
        },
        () => arrived(false),
      );
      return append;
    },
  };
}
