import { openBrowserSocket } from './browser-socket.ts';
import { createClient } from './client.ts';
import type { ClientOptions, LecternClient } from './options.ts';

export type { ClientEvent, ClientOptions, ClientStatus, LecternClient } from './options.ts';

/** A client for browsers. */
export function createLecternClient(options: ClientOptions): LecternClient {
  return createClient({ ...options, openSocket: openBrowserSocket });
}
