import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

export interface SocketAnswer {
  readonly status: number;
  /** Besides those of the text and of the connection, which closes. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
}

/** For a client that does not take its answer. */
const SEND_MS = 1_000;

/**
 * The answer to an upgrade that is not let in. Whatever the client does, its socket is gone afterwards: it is not waited
 * for, for its side may stay open for ever, and its reset ends nothing but its own connection.
 */
export function answerSocket(socket: Duplex, { status, headers = {}, text = '' }: SocketAnswer): void {
  // After an upgrade nobody else listens, and an error without a listener ends the process.
  socket.on('error', () => undefined);
  const all = Object.entries({
    ...headers,
    connection: 'close',
    'content-type': 'text/plain',
    'content-length': String(Buffer.byteLength(text)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const late = setTimeout(() => socket.destroy(), SEND_MS);
  socket.once('close', () => clearTimeout(late));
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${all.join('')}\r\n${text}`, () =>
    socket.destroy(),
  );
}
