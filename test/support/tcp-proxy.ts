import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../../deploy/local/ports.ts';

/** A loopback TCP proxy that plays network faults. */
export interface TcpProxy {
  readonly port: number;
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Listens again on the same port, forwarding. */
  restore(): Promise<void>;
  /** Keeps connections open and takes new ones, but forwards nothing in either direction until `restore`. */
  blackHole(): void;
  /** Forwards what clients say, and drops what they are answered; until `cut`, because answers are out of step by then. */
  dropReplies(): void;
  close(): Promise<void>;
}

export async function createTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const port = await freePort();
  const pairs = new Set<readonly [Socket, Socket]>();
  let swallowing = false;
  let dropping = false;

  const server = createServer((client) => {
    const upstream = connect(target);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      // Paused, the bytes wait in the kernel, as on a dead link: none are lost when it comes back.
      if (swallowing) from.pause();
      else if (dropping && from === upstream) from.resume();
      else from.pipe(to, { end: false });
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
  });
  const end = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
    await closed;
  };
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });

  await listen();
  return {
    port,
    cut: end,
    async restore() {
      swallowing = false;
      dropping = false;
      for (const [client, upstream] of pairs) {
        client.pipe(upstream, { end: false });
        upstream.pipe(client, { end: false });
      }
      if (!server.listening) await listen();
    },
    blackHole() {
      swallowing = true;
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream).pause();
        upstream.unpipe(client).pause();
      }
    },
    dropReplies() {
      dropping = true;
      for (const [client, upstream] of pairs) upstream.unpipe(client).resume();
    },
    close: end,
  };
}
