import type { ClientSocket, OpenSocket } from './socket.ts';

/** A connection that comes back by itself: exponential backoff, half of it random so that clients spread. */
export interface Link {
  /** Sends, while connected; else nothing happens. */
  send(text: string): void;
  /** The server did what it is there for: the next failure counts as the first. */
  worked(): void;
  /** Lets go of a connection that does nothing, and connects again. */
  drop(reason: string): void;
  /** Disconnects, and connects again only after this time; never for Infinity. */
  rest(ms: number): void;
  stop(): void;
}

export interface LinkDeps {
  readonly url: string;
  readonly openSocket: OpenSocket;
  readonly connectMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly onOpen: () => void;
  readonly onText: (text: string) => void;
  readonly onClose: (code: number, reason: string, retryInMs: number) => void;
}

const BROKEN = 1006;
/** More than a timer takes. */
const LONGEST_TIMER_MS = 2_147_483_647;

export function createLink(deps: LinkDeps): Link {
  let socket: ClientSocket | null = null;
  let isOpen = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;

  function after(ms: number, step: () => void): void {
    clearTimeout(timer);
    if (isStopped || ms === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(
      () => {
        if (ms > LONGEST_TIMER_MS) after(ms - LONGEST_TIMER_MS, step);
        else step();
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
  }

  function connect(): void {
    const mine = deps.openSocket(deps.url, {
      opened() {
        clearTimeout(timer);
        isOpen = true;
        deps.onOpen();
      },
      text: (text) => {
        if (socket === mine) deps.onText(text);
      },
      closed: (code, reason) => gone(code, reason),
    });
    socket = mine;
    after(deps.connectMs, () => drop('the server did not answer in time'));
  }

  function gone(code: number, reason: string): void {
    socket = null;
    isOpen = false;
    const ceilingMs = Math.min(deps.retryMaxMs, deps.retryMinMs * 2 ** Math.min(failures, 30));
    failures++;
    const retryInMs = ceilingMs * (0.5 + Math.random() / 2);
    after(retryInMs, connect);
    deps.onClose(code, reason, retryInMs);
  }

  function drop(reason: string): void {
    if (socket === null) return;
    socket.cut();
    gone(BROKEN, reason);
  }

  after(0, connect);
  return {
    send(text) {
      if (isOpen) socket?.send(text);
    },
    worked() {
      failures = 0;
    },
    drop,
    rest(ms) {
      socket?.close();
      socket = null;
      isOpen = false;
      after(ms, connect);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      socket?.close();
      socket = null;
      isOpen = false;
    },
  };
}
