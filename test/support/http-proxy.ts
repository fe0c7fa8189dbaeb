import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { freePort } from '../../deploy/local/ports.ts';

/** A loopback HTTP proxy that plays what servers, and what lies between, do on bad days. */
export interface HttpProxy {
  readonly url: string;
  /** Has the next request that fits dealt with in this way; rules are tried in the order in which they came. */
  rule(rule: Rule): Played;
  /** How many requests came in whose method and path fit. */
  seen(fits: Pick<Rule, 'method' | 'path'>): number;
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Listens again on the same port. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export interface Rule {
  readonly method: string;
  readonly path: RegExp;
  /** So many that fit are passed on before; none unless told. */
  readonly after?: number;
  /** How many are dealt with so; one unless told. */
  readonly times?: number;
  readonly deed: Deed;
}

export interface Played {
  /** How many it was played on. */
  readonly count: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request, and what may be done with it. */
export interface Exchange {
  readonly path: string;
  readonly body: Buffer;
  /** Has the server do what was asked, and resolves to its reply. */
  pass(): Promise<Reply>;
  /** Gives the server the first half of the body, and ends the connection to it. */
  passHalf(): Promise<void>;
  answer(reply: Reply): void;
  /** Gives the client the first half of what a reply is on the wire, and ends the connection. */
  answerHalf(reply: Reply): void;
  /** Ends the connection to the client without a word. */
  drop(): void;
}

export type Deed = (exchange: Exchange) => Promise<void> | void;

const HOP: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'expect']);

function withoutHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name)));
}

/** `target` as http://host:port. */
export async function createHttpProxy(target: string): Promise<HttpProxy> {
  const port = await freePort();
  const rules: { readonly rule: Rule; waiting: number; left: number; count: number }[] = [];
  const asked: { readonly method: string; readonly path: string }[] = [];
  const clients = new Set<Socket>();

  const open = (incoming: IncomingMessage) =>
    request(`${target}${incoming.url}`, {
      method: incoming.method,
      headers: { ...incoming.headers, connection: 'close' },
      agent: false,
    });

  const exchangeOf = (incoming: IncomingMessage, body: Buffer, answer: Exchange['answer']): Exchange => ({
    path: incoming.url!,
    body,
    async pass() {
      const outgoing = open(incoming);
      outgoing.end(body);
      const [reply] = (await once(outgoing, 'response')) as [IncomingMessage];
      return { status: reply.statusCode!, headers: withoutHop(reply.headers), body: await buffer(reply) };
    },
    async passHalf() {
      const outgoing = open(incoming);
      outgoing.on('error', () => undefined);
      await new Promise<void>((resolve) => {
        outgoing.write(body.subarray(0, body.length / 2), () => resolve());
      });
      outgoing.destroy();
    },
    answer,
    answerHalf(reply) {
      const head = Object.entries(reply.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const bytes = Buffer.concat([
        Buffer.from(`HTTP/1.1 ${reply.status} OK\r\n${head.join('')}\r\n`),
        reply.body,
      ]);
      incoming.socket.write(bytes.subarray(0, bytes.length / 2), () => incoming.socket.destroy());
    },
    drop: () => void incoming.socket.resetAndDestroy(),
  });

  const deedFor = (method: string, path: string): Deed => {
    for (const one of rules) {
      if (one.left === 0 || one.rule.method !== method || !one.rule.path.test(path)) continue;
      if (one.waiting-- > 0) continue;
      one.left -= 1;
      one.count += 1;
      return one.rule.deed;
    }
    return async (exchange) => exchange.answer(await exchange.pass());
  };

  const server = createServer(async (incoming, outgoing) => {
    const [method, path] = [incoming.method!, decodeURIComponent(incoming.url!)];
    const answer = (reply: Reply): void =>
      void outgoing.writeHead(reply.status, reply.headers).end(method === 'HEAD' ? undefined : reply.body);
    try {
      const body = await buffer(incoming);
      asked.push({ method, path });
      await deedFor(method, path)(exchangeOf(incoming, body, answer));
    } catch {
      // The client or the server is gone.
      incoming.socket.destroy();
    }
  });
  server.on('connection', (socket) => {
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
  });
  const listen = async (): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of clients) socket.resetAndDestroy();
    await closed;
  };

  await listen();
  return {
    url: `http://127.0.0.1:${port}`,
    rule(rule) {
      const one = { rule, waiting: rule.after ?? 0, left: rule.times ?? 1, count: 0 };
      rules.push(one);
      return one;
    },
    seen: ({ method, path }) => asked.filter((one) => one.method === method && path.test(one.path)).length,
    cut,
    restore: listen,
    close: cut,
  };
}
