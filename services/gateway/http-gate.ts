import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestHandler } from 'express';
import type { Access } from './access.ts';
import type { Refused } from './credential.ts';

function headersOf({ status }: Refused): Readonly<Record<string, string>> {
  return status === 401 ? { 'www-authenticate': 'Bearer realm="lectern"' } : { 'retry-after': '1' };
}

/** Lets requests on whose sender may be let in, before their body is read; others get 401 or 503. */
export function createGate(access: Pick<Access, 'check'>): RequestHandler {
  return async (request, response, next) => {
    const checked = await access.check(request, 'request');
    if (checked.kind !== 'refused') next();
    else response.status(checked.status).set(headersOf(checked)).json({ error: checked.reason });
  };
}

/** The answer to an upgrade that is not let in. */
export function answerRefused(socket: Duplex, refusal: Refused): void {
  const { status, reason } = refusal;
  const headers = Object.entries({
    ...headersOf(refusal),
    connection: 'close',
    'content-type': 'text/plain',
    'content-length': String(Buffer.byteLength(reason)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers.join('')}\r\n${reason}`);
}
