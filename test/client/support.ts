import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { createLecternClient } from '../../examples/client/node.ts';
import type {
  ClientEvent,
  ClientOptions,
  ClientStatus,
  LecternClient,
} from '../../examples/client/options.ts';
import { createCleanUp } from '../gateway/support.ts';

type Frame = Readonly<Record<string, unknown>>;

/** A server that plays what a test wants of it, and notes what it gets. */
export interface FakeServer {
  readonly url: string;
  /** The frames of each connection. */
  readonly connections: readonly Frame[][];
  /** Of the connection that was opened last. */
  readonly frames: readonly Frame[];
  answer(answer: object): void;
  close(code: number, reason?: string): void;
  end(): Promise<void>;
}

export interface FakeServerOptions {
  /** Answers by itself: who sends, at the first event, and acknowledgements. */
  readonly identifies?: boolean;
  readonly acknowledges?: boolean;
}

async function startFakeServer(options: FakeServerOptions = {}): Promise<FakeServer> {
  const { identifies = true, acknowledges = true } = options;
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  const connections: Frame[][] = [];
  let latest: WebSocket | undefined;
  const say = (answer: object): void => latest?.send(JSON.stringify(answer));
  server.on('connection', (ws) => {
    const frames: Frame[] = [];
    connections.push(frames);
    latest = ws;
    ws.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      frames.push(frame);
      if (frame.event === 'lock_fields') return;
      if (identifies && frames.length === 2) say({ status: 'auth', user_id: 'bob' });
      if (acknowledges) say({ status: 'ack', through: frame.sequence });
    });
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as { port: number }).port}/wsapi/in/`,
    connections,
    get frames() {
      return connections.at(-1) ?? [];
    },
    answer: say,
    close: (code, reason) => latest?.close(code, reason),
    async end() {
      for (const ws of server.clients) ws.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface TestClient extends LecternClient {
  readonly statuses: readonly ClientStatus[];
  statusesOf<K extends ClientStatus['kind']>(kind: K): Extract<ClientStatus, { kind: K }>[];
}

/** A client of `bob`, quick to come back. */
export function startClient(
  options: Pick<ClientOptions, 'url' | 'store'> & Partial<ClientOptions>,
): TestClient {
  const statuses: ClientStatus[] = [];
  const client = createLecternClient({
    source: 'org.mitros.test',
    identity: { user_id: 'bob' },
    retryMinMs: 10,
    retryMaxMs: 100,
    onStatus: (status) => void statuses.push(status),
    ...options,
  });
  return {
    ...client,
    statuses,
    statusesOf: <K extends ClientStatus['kind']>(kind: K) =>
      statuses.filter((status): status is Extract<ClientStatus, { kind: K }> => status.kind === kind),
  };
}

export const numbered = (item: number): ClientEvent => ({ event: 'x', item });

/** Whether a promise is still open after all that is due now was done. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  const first = await Promise.race([promise.catch(() => undefined), sleep(0, open)]);
  return first === open;
}

/** The numbers of the events of a connection. */
export function sequencesOf(frames: readonly Frame[]): unknown[] {
  return frames.slice(1).map(({ sequence }) => sequence);
}

/** Servers and clients of tests, which `cleanUp` ends. */
export function createClientHouse() {
  const cleanUp = createCleanUp();
  return {
    cleanUp,
    async serve(options?: FakeServerOptions): Promise<FakeServer> {
      const server = await startFakeServer(options);
      cleanUp.add(server.end);
      return server;
    },
    connect(options: Parameters<typeof startClient>[0]): TestClient {
      const client = startClient(options);
      cleanUp.add(client.close);
      return client;
    },
  };
}
