import type { IncomingMessage } from 'node:http';
import { KEY_PREFIX } from '../shared/access-key.ts';

/** A request, whose headers its sender sets; or an upgrade, which in a browser has no headers of its own. */
export type Arrival = 'request' | 'upgrade';

const BEARER = /^bearer +(\S+) *$/i;
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i;
const PROTOCOL_PREFIX = 'lectern.bearer.';
const QUERY_NAME = 'access_token';

/** Tools that know only a user and a password get the key as the password; any other password is not for us. */
function keyInBasic(header: string): string | null {
  const encoded = BASIC.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString();
  const password = text.slice(text.indexOf(':') + 1);
  return password.startsWith(KEY_PREFIX) ? password : null;
}

function inHeader({ headers }: IncomingMessage): string | null {
  const header = headers.authorization ?? '';
  return BEARER.exec(header)?.[1] ?? keyInBasic(header);
}

function offered({ headers }: IncomingMessage): readonly string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
}

function inProtocol(request: IncomingMessage): string | null {
  const found = offered(request).find((name) => name.startsWith(PROTOCOL_PREFIX));
  return found?.slice(PROTOCOL_PREFIX.length) ?? null;
}

function inQuery({ url = '' }: IncomingMessage): string | null {
  const at = url.indexOf('?');
  return at === -1 ? null : new URLSearchParams(url.slice(at)).get(QUERY_NAME);
}

/**
 * The key or token that a sender gave; null when there is none. In the header `Authorization`; for an upgrade, since a
 * page cannot set headers, also as a subprotocol `lectern.bearer.<token>` or, for clients of which nothing but the URL can
 * be set, as the query's `access_token`. What stands in a URL is written down by proxies: such a key should not vouch.
 */
export function givenToken(request: IncomingMessage, arrival: Arrival): string | null {
  const header = inHeader(request);
  if (header !== null || arrival === 'request') return header;
  return inProtocol(request) ?? inQuery(request);
}

/** The subprotocol to agree on: the first that is offered and no secret, because the answer repeats it. */
export function agreedProtocol(names: Iterable<string>): string | false {
  for (const name of names) if (!name.startsWith(PROTOCOL_PREFIX)) return name;
  return false;
}
