import type { IncomingMessage } from 'node:http';

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/** Neither a user name nor a password may have control characters in it. */
const CONTROL = /\p{Cc}/u;

/**
 * The user name of a Basic Authorization header, UTF-8; null when there is none, or when anything about it is not as it
 * should be: two readers of a malformed header, such as a proxy and this one, could read two users out of it.
 */
export function basicUserOf(request: Pick<IncomingMessage, 'headersDistinct'>): string | null {
  const headers = request.headersDistinct.authorization ?? [];
  const base64 = headers.length === 1 ? BASIC.exec(headers[0]!)?.[1] : undefined;
  if (base64 === undefined) return null;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) return null;
  const text = bytes.toString();
  const end = text.indexOf(':');
  const wasUtf8 = Buffer.from(text).equals(bytes);
  return end > 0 && wasUtf8 && !CONTROL.test(text) ? text.slice(0, end) : null;
}
