import type { WebSocket } from 'ws';

/** Whether a socket is read. There are two reasons not to: everybody waits for the log, or this one sends too much. */
export interface SocketReading {
  hold(held: boolean): void;
  pauseFor(ms: number): void;
  /** Not read now, so that its pongs are not either. */
  isPaused(): boolean;
  /** From now on it is read whatever the reasons, so that its close frame is. */
  end(): void;
}

export function createSocketReading(ws: Pick<WebSocket, 'pause' | 'resume'>, held: boolean): SocketReading {
  let holding = held;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  const isPaused = (): boolean => !ended && (holding || timer !== undefined);

  function apply(): void {
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
    end() {
      clearTimeout(timer);
      ended = true;
      apply();
    },
  };
}
