import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Log } from './install.ts';
import type { Stack, StackAddresses } from './stack.ts';

const LAST_WORDS_MS = 500;

/** What the server says, one JSON line each; the last of an answer is anything but `progress`. */
export type StackReply =
  | { readonly kind: 'progress'; readonly line: string }
  | { readonly kind: 'running'; readonly addresses: StackAddresses; readonly already: boolean }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'stopped' };

export interface StackServerOptions {
  readonly socketPath: string;
  readonly start: (log: Log) => Promise<Stack>;
  /** Called after a client had the stack stopped, or when it could not be started. */
  readonly ended: () => void;
}

export interface StackServer {
  /** Stops the stack, if it was ever started, and frees the socket. */
  close(): Promise<void>;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/**
 * Holds one stack for any number of processes of this user, over a Unix socket: `start` starts it for the first who
 * asks and answers with its addresses, `stop` stops it. Rejects with EADDRINUSE when another server has the socket; one
 * that a killed server left behind is taken over.
 */
export async function createStackServer(options: StackServerOptions): Promise<StackServer> {
  const { socketPath } = options;
  const clients = new Set<Socket>();
  let starting: Promise<Stack> | undefined;
  let stopping = false;

  const send = (socket: Socket, reply: StackReply): void => {
    if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
  };
  const log: Log = (line) => {
    for (const client of clients) send(client, { kind: 'progress', line });
  };
  const start = async (): Promise<StackReply> => {
    if (stopping) return { kind: 'stopped' };
    const already = starting !== undefined;
    starting ??= options.start(log);
    try {
      return { kind: 'running', addresses: (await starting).addresses, already };
    } catch (error) {
      return { kind: 'failed', reason: (error as Error).message };
    }
  };
  const stop = async (): Promise<StackReply> => {
    stopping = true;
    const stack = await starting?.catch(() => undefined);
    await stack?.stop();
    // Frees the path before the answer, so that whoever reads the answer may start the next.
    server.close();
    return { kind: 'stopped' };
  };
  const answer = async (socket: Socket, request: string): Promise<void> => {
    const reply = await (request === 'stop' ? stop() : start());
    send(socket, reply);
    socket.end();
    if (reply.kind !== 'running') options.ended();
  };

  const server = createServer((socket) => {
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    // A client that went away needs no answer.
    socket.on('error', () => {});
    createInterface({ input: socket }).on('line', (request) => void answer(socket, request));
  });
  await listen(server, socketPath).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' || (await answers(socketPath))) throw error;
    rmSync(socketPath, { force: true });
    await listen(server, socketPath);
  });
  return {
    async close() {
      await stop();
      const hurry = setTimeout(() => {
        for (const client of clients) client.destroy();
      }, LAST_WORDS_MS);
      await Promise.all(
        [...clients].map((client) => new Promise((resolve) => client.once('close', resolve))),
      );
      clearTimeout(hurry);
    },
  };
}
