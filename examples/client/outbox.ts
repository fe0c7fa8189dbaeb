import type { StoredEvent } from './event-store.ts';

interface Item extends StoredEvent {
  /** Which frame of the connection it was. */
  frame: number;
}

/** Events that are not acknowledged, by number, and which of them this connection has sent. No time, no network. */
export interface Outbox {
  add(event: StoredEvent): void;
  /** A new connection, on which so many frames were sent before any event. */
  restart(frames: number): void;
  /** The next event to be sent on this connection; null when there is none, or too much is under way. */
  next(): StoredEvent | null;
  /** Forgets what this connection sent up to a number; the highest that was forgotten, or null. */
  acknowledge(through: number): number | null;
  /** Forgets one event that this connection sent, named by its number or else by its frame. */
  refuse(which: { readonly sequence?: number; readonly frame?: number }): StoredEvent | null;
  /** Forgets the largest that this connection sent. */
  refuseLargest(): StoredEvent | null;
  /** Forgets everything; the highest number, or null. */
  clear(): number | null;
  /** Whether anything is under way. */
  isWaiting(): boolean;
  /** The lowest number that is not acknowledged; Infinity for none. */
  lowest(): number;
  readonly count: number;
  readonly size: number;
}

export interface OutboxLimits {
  /** Sent, and not acknowledged. */
  readonly windowEvents: number;
  readonly windowSize: number;
}

export function createOutbox({ windowEvents, windowSize }: OutboxLimits): Outbox {
  let items: Item[] = [];
  /** Of the items, the first so many were sent. */
  let sent = 0;
  let sentSize = 0;
  let size = 0;
  let frames = 0;

  function forget(at: number, count: number): readonly Item[] {
    const gone = items.splice(at, count);
    // Only what was sent is forgotten by itself.
    const goneSize = gone.reduce((sum, { text }) => sum + text.length, 0);
    size -= goneSize;
    sentSize -= goneSize;
    sent -= gone.length;
    return gone;
  }

  function refuseAt(at: number): StoredEvent | null {
    return at < 0 || at >= sent ? null : forget(at, 1)[0]!;
  }

  return {
    add(event) {
      items.push({ ...event, frame: 0 });
      size += event.text.length;
    },
    restart(before) {
      sent = 0;
      sentSize = 0;
      frames = before;
    },
    next() {
      const item = items[sent];
      if (item === undefined || sent >= windowEvents) return null;
      if (sent > 0 && sentSize + item.text.length > windowSize) return null;
      item.frame = ++frames;
      sent++;
      sentSize += item.text.length;
      return item;
    },
    acknowledge(through) {
      const open = items.findIndex((item, at) => at >= sent || item.sequence > through);
      return forget(0, open === -1 ? items.length : open).at(-1)?.sequence ?? null;
    },
    refuse({ sequence, frame }) {
      const named = (item: Item): boolean =>
        sequence === undefined ? item.frame === frame : item.sequence === sequence;
      return refuseAt(items.findIndex((item, at) => at < sent && named(item)));
    },
    refuseLargest() {
      let largest = -1;
      for (let at = 0; at < sent; at++)
        if (largest < 0 || items[at]!.text.length > items[largest]!.text.length) largest = at;
      return refuseAt(largest);
    },
    clear() {
      const highest = items.at(-1)?.sequence ?? null;
      items = [];
      sent = 0;
      sentSize = 0;
      size = 0;
      return highest;
    },
    isWaiting: () => sent > 0,
    lowest: () => items[0]?.sequence ?? Number.POSITIVE_INFINITY,
    get count() {
      return items.length;
    },
    get size() {
      return size;
    },
  };
}
