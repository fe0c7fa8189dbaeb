import { type Answer, parseAnswer } from './answer.ts';
import type { OpenStore, StoredEvent } from './event-store.ts';
import { createLink } from './link.ts';
import type { ClientEvent, ClientStatus } from './options.ts';
import type { Outbox } from './outbox.ts';
import type { OpenSocket } from './socket.ts';

/** Sends what is in an outbox until it is acknowledged, on one connection after another. */
export interface Sending {
  /** There is more in the outbox. */
  pump(): void;
  /** Whether the server wants this sender's events dropped. */
  isDropping(): boolean;
  stop(): void;
}

export interface SendingDeps {
  readonly url: string;
  readonly openSocket: OpenSocket;
  /** Sent first on every connection. */
  readonly lockFrame: string;
  readonly store: OpenStore;
  readonly outbox: Outbox;
  readonly tell: (status: ClientStatus) => void;
  /** The outbox has less, and the store is being told so. */
  readonly onForgotten: (storing: Promise<void>) => void;
  /** The server will not have the fields locked; nothing more is sent. */
  readonly onLockRefused: (error: string) => void;
  readonly ackTimeoutMs: number;
  readonly connectMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

const LOCK_FRAME = 1;
const TOO_BIG = 1009;

export function createSending(deps: SendingDeps): Sending {
  const { store, outbox, tell } = deps;
  let isConnected = false;
  let isIdentified = false;
  let droppingUntil = 0;
  let quiet: ReturnType<typeof setTimeout> | undefined;

  const link = createLink({
    ...deps,
    onOpen() {
      isConnected = true;
      isIdentified = false;
      outbox.restart(LOCK_FRAME);
      link.send(deps.lockFrame);
      tell({ kind: 'connected' });
      pump();
    },
    onText(text) {
      const answer = parseAnswer(text);
      if (answer !== null) take(answer);
    },
    onClose(code, reason, retryInMs) {
      disconnected();
      // What was too big for the server is at least as big as anything else that it was sent.
      if (code === TOO_BIG) refuse(outbox.refuseLargest(), reason || 'too big for the server');
      tell({ kind: 'disconnected', reason: reason || `the connection was closed (${code})`, retryInMs });
    },
  });

  function disconnected(): void {
    isConnected = false;
    clearTimeout(quiet);
    quiet = undefined;
  }

  /** A connection that acknowledges nothing of what is under way is let go of. */
  function watch(): void {
    clearTimeout(quiet);
    quiet =
      isConnected && outbox.isWaiting()
        ? setTimeout(() => link.drop('nothing was acknowledged in time'), deps.ackTimeoutMs)
        : undefined;
  }

  /** Until the server knows who sends, one event has to be enough: it keeps only so many that are nobody's. */
  function pump(): void {
    while (isConnected && (isIdentified || !outbox.isWaiting())) {
      const event = outbox.next();
      if (event === null) break;
      link.send(event.text);
      if (quiet === undefined) watch();
    }
  }

  function refuse(event: StoredEvent | null, error: string, remedy?: string): void {
    if (event === null) return;
    deps.onForgotten(store.remove(event.sequence));
    const refused = JSON.parse(event.text) as ClientEvent;
    tell({ kind: 'refused', event: refused, error, ...(remedy === undefined ? {} : { remedy }) });
  }

  function block({ drop, forMs, message }: Extract<Answer, { status: 'blocklist' }>): void {
    disconnected();
    link.rest(forMs);
    if (drop) {
      droppingUntil = Date.now() + forMs;
      const highest = outbox.clear();
      if (highest !== null) deps.onForgotten(store.removeThrough(highest));
    }
    tell({ kind: 'blocked', drop, forMs, message });
  }

  function acknowledge(through: number): void {
    const highest = outbox.acknowledge(through);
    if (highest === null) return;
    link.worked();
    watch();
    deps.onForgotten(store.removeThrough(highest));
  }

  function takeError({ error, remedy, ...which }: Extract<Answer, { status: 'error' }>): void {
    if (which.frame === LOCK_FRAME) deps.onLockRefused(error);
    else refuse(outbox.refuse(which), error, remedy);
    watch();
  }

  function take(answer: Answer): void {
    if (answer.status === 'blocklist') block(answer);
    else if (answer.status === 'error') takeError(answer);
    else if (answer.status === 'ack') {
      if ((answer.session ?? store.session) === store.session) acknowledge(answer.through);
    } else {
      isIdentified = true;
      tell({ kind: 'identified', userId: answer.userId });
    }
    pump();
  }

  return {
    pump,
    isDropping: () => Date.now() < droppingUntil,
    stop() {
      disconnected();
      link.stop();
    },
  };
}
