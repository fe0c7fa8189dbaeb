import { v7 } from 'uuid';
import { ClientError } from './client-error.ts';
import type { EventStore, StoredEvent } from './event-store.ts';

interface Kept {
  readonly session: string;
  readonly events: Map<number, StoredEvent>;
  reserved: number;
  isOpen: boolean;
}

/**
 * Keeps events in memory: they survive the loss of connections and servers, and go on to the next client that gets the
 * same store, but not beyond the end of their process.
 */
export function createMemoryStore(): EventStore {
  const owners = new Map<string, Kept>();

  function keptOf(owner: string): Kept {
    const known = owners.get(owner);
    if (known !== undefined) return known;
    const kept: Kept = { session: v7(), events: new Map(), reserved: -1, isOpen: false };
    owners.set(owner, kept);
    return kept;
  }

  return {
    async open(owner) {
      const kept = keptOf(owner);
      if (kept.isOpen) throw new ClientError('IN_USE', 'another client uses this store: give each its own');
      kept.isOpen = true;
      const { events } = kept;
      return {
        session: kept.session,
        reserved: kept.reserved,
        events: [...events.values()],
        damaged: 0,
        async reserve(through) {
          kept.reserved = through;
        },
        async add(event) {
          events.set(event.sequence, event);
        },
        async remove(sequence) {
          events.delete(sequence);
        },
        async removeThrough(sequence) {
          for (const number of events.keys()) if (number <= sequence) events.delete(number);
        },
        async close() {
          kept.isOpen = false;
        },
      };
    },
  };
}
