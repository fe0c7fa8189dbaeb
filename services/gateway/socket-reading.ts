import type { WebSocket } from 'ws';

/**
 * Whether a socket is read. There are two reasons not to: everybody waits for the log, or this one sends too much. What of
 * one that sends too much was read by then, some 64 KiB, waits here; nothing of it is lost, and its order stays. While
 * everybody waits it goes on: the queue has a reserve for it.
 */
export interface SocketReading {
  hold(held: boolean): void;
  pauseFor(ms: number): void;
  /** Not read now, so that its pongs are not either. */
  isPaused(): boolean;
  /** Runs a step now or, while its sender has to wait, later: after all others, or next when it comes out of a step. */
  inTurn(step: () => void): void;
  /** Calls back, now or later, when no step waits. */
  whenTaken(callback: () => void): void;
  /** Runs what waits. From now on the socket is read whatever the reasons, so that its close frame is. */
  end(): void;
}

export function createSocketReading(ws: Pick<WebSocket, 'pause' | 'resume'>, held: boolean): SocketReading {
  let holding = held;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  let steps: (() => void)[] = [];
  /** Those that came out of the step that is running. */
  let inner: (() => void)[] | null = null;
  let onTaken: (() => void) | undefined;

  const mustWait = (): boolean => !ended && timer !== undefined;
  const isPaused = (): boolean => mustWait() || (!ended && holding);

  function run(): void {
    while (steps.length > 0 && !mustWait()) {
      const step = steps.shift()!;
      inner = [];
      try {
        step();
      } finally {
        if (inner.length > 0) steps = [...inner, ...steps];
        inner = null;
      }
    }
    if (steps.length > 0) return;
    const tell = onTaken;
    onTaken = undefined;
    tell?.();
  }

  function apply(): void {
    if (inner === null) run();
    if (isPaused()) ws.pause();
    else ws.resume();
  }

  if (held) ws.pause();
  return {
    hold(now) {
      holding = now;
      apply();
    },
    pauseFor(ms) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = undefined;
        apply();
      }, ms);
      timer.unref();
      apply();
    },
    isPaused,
    inTurn(step) {
      (inner ?? steps).push(step);
      if (inner === null) run();
    },
    whenTaken(callback) {
      onTaken = callback;
      if (inner === null) run();
    },
    end() {
      clearTimeout(timer);
      ended = true;
      apply();
    },
  };
}
