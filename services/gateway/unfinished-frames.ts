import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { createFrameMeter } from './frame-meter.ts';
import type { GatewayLimits } from './limits.ts';

/**
 * Bounds what came of messages that are not there as a whole, which nobody can be charged for yet: how long each may
 * take, and how many bytes all of them may have together. A socket beyond either is closed.
 */
export interface UnfinishedFrames {
  watch(ws: Pick<WebSocket, 'close' | 'terminate'>, socket: Socket, isPaused: () => boolean): void;
  stop(): void;
}

export interface UnfinishedFramesDeps {
  readonly limits: Pick<GatewayLimits, 'stallMs' | 'bodyBytesPerS' | 'unfinishedBytes' | 'closeMs'>;
  /** Milliseconds of a clock that never steps back. */
  readonly clockMs: () => number;
}

interface Unfinished {
  bytes: number;
  /** When it began, or was read again. */
  since: number;
  readonly isPaused: () => boolean;
  cut(code: number, reason: string): void;
}

const NOT_ALLOWED = 1008;
const TRY_AGAIN_LATER = 1013;

export function createUnfinishedFrames({ limits, clockMs }: UnfinishedFramesDeps): UnfinishedFrames {
  const unfinished = new Set<Unfinished>();
  let allBytes = 0;

  function look(): void {
    const now = clockMs();
    for (const one of unfinished) {
      const allowedMs = limits.stallMs + (one.bytes / limits.bodyBytesPerS) * 1_000;
      if (one.isPaused()) one.since = now;
      else if (now - one.since > allowedMs) one.cut(NOT_ALLOWED, 'a frame kept us waiting for too long');
    }
  }
  const timer = setInterval(look, Math.max(1, limits.stallMs / 10));
  timer.unref();

  return {
    watch(ws, socket, isPaused) {
      const meter = createFrameMeter();
      let whole = 0;
      let isCut = false;
      const one: Unfinished = {
        bytes: 0,
        since: 0,
        isPaused,
        cut(code, reason) {
          if (isCut) return;
          isCut = true;
          ws.close(code, reason);
          // What it holds is free only when the socket is gone, and it need not answer.
          setTimeout(() => ws.terminate(), limits.closeMs).unref();
        },
      };
      const note = (bytes: number): void => {
        allBytes += bytes - one.bytes;
        one.bytes = bytes;
        if (bytes === 0) unfinished.delete(one);
      };
      socket.on('data', (chunk: Buffer) => {
        meter.take(chunk);
        const isAnother = one.bytes === 0 || meter.whole() > whole;
        whole = meter.whole();
        note(meter.unfinished());
        if (one.bytes === 0) return;
        if (isAnother) one.since = clockMs();
        unfinished.add(one);
        if (allBytes > limits.unfinishedBytes)
          one.cut(TRY_AGAIN_LATER, 'too many frames are unfinished; connect again later');
      });
      socket.once('close', () => note(0));
    },
    stop: () => clearInterval(timer),
  };
}
