import type { EventStore } from './event-store.ts';

/** A frame, as `services/gateway/README.md` says. */
export interface ClientEvent {
  /** The kind of event. */
  readonly event: string;
  readonly [field: string]: unknown;
}

export type ClientStatus =
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected'; readonly reason: string; readonly retryInMs: number }
  /** The server knows who sends. */
  | { readonly kind: 'identified'; readonly userId: string }
  /** The server will never take this event. It is not sent again: the application sets it aside, or mends it. */
  | {
      readonly kind: 'refused';
      readonly event: ClientEvent;
      readonly error: string;
      readonly remedy?: string;
    }
  /**
   * The server wants nothing of this sender, for so long, or for good: Infinity. With `DROP` what was stored is gone and
   * `send` rejects; else events are kept meanwhile.
   */
  | { readonly kind: 'blocked'; readonly drop: boolean; readonly forMs: number; readonly message: string }
  /** Entries of the store could not be read, after a power failure for instance, and are left out. */
  | { readonly kind: 'damaged'; readonly entries: number }
  /** The store, or what was to be locked, cannot be used: nothing is sent any more. */
  | { readonly kind: 'failed'; readonly error: Error };

export interface ClientOptions {
  /** Of the gateway's socket: wss://lectern.example/wsapi/in/ */
  readonly url: string;
  readonly source: string;
  /** The fields that say who sends, such as `{user_tag: 'bob'}`. Events are stored for, and sent as, this sender only. */
  readonly identity?: Readonly<Record<string, unknown>>;
  /** What else every event is to have; may differ from one start to the next. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly store: EventStore;
  readonly onStatus?: (status: ClientStatus) => void;
  /** What may be stored, unacknowledged: 10,000 events with 16,777,216 characters. */
  readonly maxEvents?: number;
  readonly maxSize?: number;
  /** Of one event as JSON: 1,000,000, a little less than what a gateway takes unless it was told otherwise. */
  readonly maxEventBytes?: number;
  /** 500 and 30,000. */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  readonly connectMs?: number;
  /** A connection on which nothing is acknowledged for so long is dead: 30,000. */
  readonly ackTimeoutMs?: number;
}

export interface LecternClient {
  /**
   * Resolves when the event is stored: from then on it is sent until the server acknowledged or refused it. Events are
   * sent in the order of the calls. Rejects with a ClientError, and with nothing stored, when the event cannot be sent
   * (INVALID, TOO_LARGE), or as much as may be is stored already (FULL): wait for `flush`, or do without. When the store
   * could not be written (STORE), the event may come to be sent by a later client all the same.
   */
  send(event: ClientEvent): Promise<void>;
  /** Resolves when everything that was sent before is acknowledged or refused; rejects with CLOSED after `close`. */
  flush(): Promise<void>;
  /** Disconnects. What is not acknowledged stays stored, for the next client on the same store. */
  close(): Promise<void>;
}
