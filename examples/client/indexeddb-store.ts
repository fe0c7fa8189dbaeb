import { type DBSchema, openDB } from 'idb';
import { v7 } from 'uuid';
import { ClientError } from './client-error.ts';
import type { EventStore, OpenStore, StoredEvent } from './event-store.ts';
import { takeTabLock } from './tab-lock.ts';

export interface IndexedDbStoreOptions {
  /** Stores of one origin with different names have nothing to do with each other. */
  readonly name?: string;
}

interface Schema extends DBSchema {
  events: { key: number; value: StoredEvent };
  meta: { key: 'session' | 'reserved'; value: string | number };
}

/** As many tabs of one sender at a time. */
const SLOTS = 16;

/** Transactions take effect in the order in which they were made, because all of one kind are about the same entries. */
async function openDatabase(name: string, release: () => void): Promise<OpenStore> {
  const db = await openDB<Schema>(name, 1, {
    upgrade(fresh) {
      fresh.createObjectStore('events', { keyPath: 'sequence' });
      void fresh.createObjectStore('meta').put(v7(), 'session');
    },
  });
  const [session, reserved, events] = await Promise.all([
    db.get('meta', 'session'),
    db.get('meta', 'reserved'),
    db.getAll('events'),
  ]);

  async function removeRange(range: IDBKeyRange): Promise<void> {
    const change = db.transaction('events', 'readwrite', { durability: 'relaxed' });
    await change.store.delete(range);
    await change.done;
  }

  return {
    session: String(session),
    reserved: typeof reserved === 'number' ? reserved : -1,
    events,
    damaged: 0,
    async reserve(through) {
      const change = db.transaction('meta', 'readwrite', { durability: 'strict' });
      await change.store.put(through, 'reserved');
      await change.done;
    },
    async add(event) {
      const change = db.transaction('events', 'readwrite', { durability: 'relaxed' });
      await change.store.add(event);
      await change.done;
    },
    remove: (sequence) => removeRange(IDBKeyRange.only(sequence)),
    removeThrough: (sequence) => removeRange(IDBKeyRange.upperBound(sequence)),
    async close() {
      db.close();
      release();
    },
  };
}

/** Opens a database that nobody else has open; null when somebody has. */
async function openSlot(name: string): Promise<OpenStore | null> {
  const lock = await takeTabLock(name);
  if (lock === null) return null;
  try {
    return await openDatabase(name, lock.release);
  } catch (cause) {
    lock.release();
    throw new ClientError(
      'STORE',
      `the browser does not open its database: ${(cause as Error).message}`,
      cause,
    );
  }
}

/**
 * Keeps events in the browser's IndexedDB: they survive the tab and the browser; a power failure may lose the last seconds.
 * Each tab has a database of its own, with a session of its own; what tabs leave behind is sent by the next to start.
 */
export function createIndexedDbStore({ name = 'lectern' }: IndexedDbStoreOptions = {}): EventStore {
  const slotName = (owner: string, slot: number): string => `${name} ${slot} ${owner}`;

  return {
    async open(owner) {
      if (globalThis.navigator?.locks === undefined)
        throw new ClientError('STORE', 'events can be stored in pages of https and of localhost only');
      for (let slot = 0; slot < SLOTS; slot++) {
        const opened = await openSlot(slotName(owner, slot));
        if (opened !== null) return opened;
      }
      throw new ClientError('IN_USE', `${SLOTS} tabs use this store: close some`);
    },
    async openLeft(owner) {
      const known = new Set((await indexedDB.databases()).map((database) => database.name));
      for (let slot = 0; slot < SLOTS; slot++) {
        if (!known.has(slotName(owner, slot))) continue;
        const opened = await openSlot(slotName(owner, slot));
        if (opened !== null && opened.events.length > 0) return opened;
        await opened?.close();
      }
      return null;
    },
  };
}
