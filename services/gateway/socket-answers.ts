import { WebSocket } from 'ws';
import { createBlobSender } from './blob-sender.ts';
import { numbersOf } from './envelope.ts';
import type { Frame, Problem } from './frame.ts';
import type { GatewayLimits } from './limits.ts';
import type { GatewayMetrics } from './metrics.ts';

/** Which frame an answer is about: its number on the connection, from 0, and its fields where they could be read. */
export interface FramePlace {
  readonly ordinal: number;
  readonly fields: Frame['fields'] | null;
}

/** What goes back over a socket. A client that does not read it is cut off, instead of piling it up. */
export interface SocketAnswers {
  send(answer: object): void;
  /** A blob's JSON text, null for none; resolves when the network took it. Once `hurry` is aborted the client is cut off. */
  sendBlob(text: string | null, hurry: AbortSignal): Promise<void>;
  /** Says what is wrong with a frame. */
  explain(problem: Problem, place: FramePlace): void;
  /** The same, of an event that was not taken. */
  refuse(problem: Problem, place: FramePlace): void;
}

export interface SocketAnswersDeps {
  readonly ws: Pick<WebSocket, 'send' | 'terminate' | 'bufferedAmount' | 'readyState'>;
  readonly metrics: Pick<GatewayMetrics, 'events'>;
  readonly limits: Pick<GatewayLimits, 'unreadBytes' | 'blobSendMs'>;
  /** Whether the client wants acknowledgements. */
  readonly acksAsked: () => boolean;
}

export function createSocketAnswers({ ws, metrics, limits, acksAsked }: SocketAnswersDeps): SocketAnswers {
  const blobSender = createBlobSender(ws, limits.blobSendMs);

  function send(answer: object): void {
    if (ws.readyState !== WebSocket.OPEN) return;
    if (ws.bufferedAmount - blobSender.unsentBytes() > limits.unreadBytes) ws.terminate();
    else ws.send(JSON.stringify(answer));
  }

  function explain({ error, remedy }: Problem, { ordinal, fields }: FramePlace): void {
    const frame = ordinal + 1;
    // Who keeps events until they are acknowledged must know which one will never be.
    const which = acksAsked() ? { frame, ...(fields === null ? {} : numbersOf(fields)) } : {};
    const how = remedy === undefined ? {} : { remedy };
    send({ status: 'error', error: `frame ${frame}: ${error}`, ...how, ...which });
  }

  return {
    send,
    sendBlob: blobSender.send,
    explain,
    refuse(problem, place) {
      metrics.events('refused', false);
      explain(problem, place);
    },
  };
}
