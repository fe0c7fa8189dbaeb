/** Whether only this machine can reach, or be, the host; an IPv6 address with or without the brackets of URLs. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || /^\[?::1\]?$/.test(host) || /^127(?:\.\d{1,3}){3}$/.test(host);
}
