import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

type Headers = Readonly<Record<string, string>>;

/** Answers an upgrade that gets no socket, in plain text, and ends the connection. */
export function answerUpgrade(socket: Duplex, status: number, reason: string, headers: Headers = {}): void {
  const body = `${reason}\n`;
  const all = {
    ...headers,
    connection: 'close',
    'content-type': 'text/plain',
    'content-length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
}
