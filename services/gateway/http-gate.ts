import type { Duplex } from 'node:stream';
import type { RequestHandler } from 'express';
import { answerSocket } from '../shared/answer-socket.ts';
import type { Access } from './access.ts';
import type { Refused } from './credential.ts';

/** For whoever did not show who it is. */
export const GATE_CHALLENGE = 'Bearer realm="lectern"';

function headersOf({ status }: Refused): Readonly<Record<string, string>> {
  return status === 401 ? { 'www-authenticate': GATE_CHALLENGE } : { 'retry-after': '1' };
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
  answerSocket(socket, { status: refusal.status, headers: headersOf(refusal), text: `${refusal.reason}\n` });
}
