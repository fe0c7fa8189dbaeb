import type { Duplex } from 'node:stream';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { answerSocket } from '../shared/answer-socket.ts';

/** The web pages, by their origins, that may send events. Whoever sends no Origin header is no page. */
export type Origins = 'any' | ReadonlySet<string>;

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@,]+$/;
const ORIGIN_PROBLEM =
  'must be * for any, or origins between commas as browsers send them, without a path: https://school.example, chrome-extension://abcdef';

/** As browsers write it: a default port is left out. Other schemes than these have no form to bring them to. */
function normal(text: string): string | null {
  if (!ORIGIN.test(text)) return null;
  if (!/^https?:/.test(text)) return text;
  return URL.canParse(text) ? new URL(text).origin : null;
}

/** The value of LECTERN_ORIGINS. */
export const originList = z.string().transform((text, context): Origins => {
  const parts = text.split(',').flatMap((part) => part.trim().toLowerCase() || []);
  const origins = new Set<string>();
  for (const part of parts) {
    const origin = part === '*' ? part : normal(part);
    if (origin === null) context.addIssue({ code: 'custom', message: `${part}: ${ORIGIN_PROBLEM}` });
    else origins.add(origin);
  }
  if (parts.length === 0) context.addIssue({ code: 'custom', message: ORIGIN_PROBLEM });
  return origins.has('*') ? 'any' : origins;
});

const REFUSAL = 'origin: this page may not send events; add its origin to LECTERN_ORIGINS';

export function allowsOrigin(origins: Origins, origin: string | undefined): boolean {
  return origin === undefined || origins === 'any' || origins.has(origin);
}

/** The answer to an upgrade that a page with another origin asks for. */
export function refuseOrigin(socket: Duplex): void {
  answerSocket(socket, { status: 403, text: `${REFUSAL}\n` });
}

export interface CorsOptions {
  readonly origins: Origins;
  /** What a page may send to the path, as in the headers of CORS. */
  readonly methods: string;
  readonly headers: string;
  /** Of an answer, which a page may read. */
  readonly exposed: string;
}

const PREFLIGHT_SECONDS = 600;

/**
 * Refuses pages whose origin is not allowed, 403, before their body is read; lets allowed ones read the answer, and
 * answers their browsers' question beforehand. Cookies go along only where origins are listed: where any page may send,
 * it does so as itself, not as whoever happens to be logged in.
 */
export function createCors({ origins, methods, headers, exposed }: CorsOptions): RequestHandler {
  return (request, response, next) => {
    const { origin } = request.headers;
    if (origins !== 'any') response.vary('origin');
    if (origin === undefined) return next();
    if (!allowsOrigin(origins, origin)) return void response.status(403).json({ error: REFUSAL });
    response.set('access-control-allow-origin', origins === 'any' ? '*' : origin);
    if (origins !== 'any') response.set('access-control-allow-credentials', 'true');
    response.set('access-control-expose-headers', exposed);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined)
      return next();
    response.set('access-control-allow-methods', methods);
    response.set('access-control-allow-headers', headers);
    response.set('access-control-max-age', String(PREFLIGHT_SECONDS));
    response.status(204).end();
  };
}
