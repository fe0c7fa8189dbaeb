import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** True when the upgrade was taken over, with its socket; else nothing was done with either. */
export type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/** The head of a request as it came, but for the header that asks for an upgrade. */
function headWithout({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]!.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/**
 * Offers upgrades to `take`. What it leaves is answered as a request that asked for none, as HTTP has it: many clients ask
 * for HTTP/2 that way with whatever they send, and go on without.
 */
export function takeUpgrades(server: Server, take: TakeUpgrade): void {
  server.on('upgrade', (request, socket, head) => {
    if (take(request, socket, head)) return;
    // The server has let go of the socket; it reads it again from the beginning of the request.
    socket.unshift(Buffer.concat([headWithout(request), head]));
    server.emit('connection', socket);
  });
}
