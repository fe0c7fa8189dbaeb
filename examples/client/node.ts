import { createClient } from './client.ts';
import { createOpenNodeSocket, type NodeSocketOptions } from './node-socket.ts';
import type { ClientOptions, LecternClient } from './options.ts';

export type { ClientEvent, ClientOptions, ClientStatus, LecternClient } from './options.ts';

/** A client for Node. */
export function createLecternClient(options: ClientOptions & NodeSocketOptions): LecternClient {
  return createClient({ ...options, openSocket: createOpenNodeSocket(options) });
}
