import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The first half of an IPv6 address: one household or one machine has all of the other half. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  const all = [...groups, ...Array<string>(zeros).fill('0'), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

const HEADER_CHARS = 2_000;
const ADDRESS_CHARS = 100;

/** What the outermost of so many proxies said in a header to which each may add a part. */
function partOf(request: IncomingMessage, name: string, proxies: number): string | undefined {
  if (proxies === 0) return undefined;
  const parts = String(request.headers[name] ?? '')
    .slice(-HEADER_CHARS)
    .split(',')
    .map((part) => part.trim());
  return parts.at(-proxies);
}

/**
 * Where a request comes from, as a whole. With `proxies` in front, each of which adds the address that it was called from
 * to X-Forwarded-For, that many are believed, and no more.
 */
export function callerOf(request: IncomingMessage, proxies: number): string {
  const direct = request.socket.remoteAddress ?? '';
  const address = partOf(request, 'x-forwarded-for', proxies) || direct;
  return MAPPED.exec(address)?.[1] ?? address.slice(0, ADDRESS_CHARS);
}

/** Where a request comes from, to count by, never to keep: an IPv4 address or an IPv6 network. */
export function addressOf(request: IncomingMessage, proxies: number): string {
  const address = callerOf(request, proxies);
  return isIPv6(address) ? networkOf(address) : address;
}

/** Whether the client speaks https, as the proxies in front say: the gateway itself never does. */
export function isSecure(request: IncomingMessage, proxies: number): boolean {
  // Many proxies say it in place of what was said before, so that there are fewer parts than proxies.
  const said = partOf(request, 'x-forwarded-proto', proxies) ?? partOf(request, 'x-forwarded-proto', 1);
  return proxies > 0 && said?.toLowerCase() === 'https';
}
