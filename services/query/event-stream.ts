import type { Response } from 'express';

/** One open answer of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface EventStream {
  /** `data` is JSON text; line breaks in it stand between values only, so they may become spaces. */
  send(event: string, data: string): void;
  /** Keeps proxies from closing a quiet connection. */
  comment(text: string): void;
  /** What the reader has not taken yet. */
  bufferedBytes(): number;
  onDrain(listener: () => void): void;
  /** Ends the answer; the browser connects again. */
  end(): void;
  /** Cuts the connection, whatever waits in it. */
  destroy(): void;
}

const RECONNECT_MS = 2_000;

/** Starts the answer. */
export function createEventStream(response: Response): EventStream {
  response.on('error', () => undefined);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  const write = (text: string): void => {
    if (!response.destroyed && !response.writableEnded) response.write(text);
  };
  write(`retry: ${RECONNECT_MS}\n\n`);
  return {
    send: (event, data) => write(`event: ${event}\ndata: ${data.replace(/[\r\n]+/g, ' ')}\n\n`),
    comment: (text) => write(`: ${text}\n\n`),
    bufferedBytes: () => response.writableLength,
    onDrain: (listener) => void response.on('drain', listener),
    end: () => void response.end(),
    destroy: () => void response.destroy(),
  };
}
