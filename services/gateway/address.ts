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

const FORWARDED_CHARS = 2_000;

/**
 * Where a request comes from, to count by, never to keep: an IPv4 address or an IPv6 network. With `proxies` in front,
 * each of which adds the address that it was called from to X-Forwarded-For, that many are believed, and no more.
 */
export function addressOf(request: IncomingMessage, proxies: number): string {
  const direct = request.socket.remoteAddress ?? '';
  const header = proxies === 0 ? '' : String(request.headers['x-forwarded-for'] ?? '');
  const forwarded = header
    .slice(-FORWARDED_CHARS)
    .split(',')
    .map((part) => part.trim());
  const address = (proxies === 0 ? undefined : forwarded.at(-proxies)) || direct;
  const mapped = MAPPED.exec(address);
  if (mapped !== null) return mapped[1]!;
  return isIPv6(address) ? networkOf(address) : address.slice(0, 100);
}
