import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { answerSocket } from '../shared/answer-socket.ts';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { Access } from './access.ts';
import { ACK_PROTOCOL } from './acks.ts';
import { type Connection, type ConnectionDeps, createConnection } from './connection.ts';
import { agreedProtocol } from './given-token.ts';
import { answerRefused } from './http-gate.ts';
import type { GatewayLimits } from './limits.ts';
import { allowsOrigin, type Origins, refuseOrigin } from './origins.ts';
import type { Rates } from './rates.ts';
import type { Sender } from './sender.ts';
import { createSocketReading, type SocketReading } from './socket-reading.ts';
import { createTally } from './tally.ts';

/** The open sockets. */
export interface SocketHub {
  /** True when the request is for this hub, which has then taken the socket over. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** While held, no socket is read: clients feel it as a connection that takes nothing more. */
  hold(held: boolean): void;
  count(): number;
  /** Keys or blocks changed: whoever may not stay is closed. */
  reconsider(): void;
  /** Refuses new sockets, closes the open ones with 1001, and resolves when what they had sent was taken. */
  stop(): Promise<void>;
}

export interface SocketHubDeps extends Omit<ConnectionDeps, 'sender' | 'acks'> {
  readonly logger: Logger;
  readonly access: Pick<Access, 'check' | 'doorFor'>;
  readonly limits: ConnectionDeps['limits'] &
    Pick<
      GatewayLimits,
      'connections' | 'connectionsPerAddress' | 'frameBytes' | 'pingMs' | 'idleMs' | 'closeMs'
    >;
  readonly rates: Rates;
  /** Where a request comes from, to count by. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly senderOf: (request: IncomingMessage) => Promise<Sender>;
  readonly origins: Origins;
  readonly clockMs: () => number;
}

interface Open {
  readonly reading: SocketReading;
  readonly connection: Connection;
  /** Bytes that came in until now. */
  received(): number;
  /** How many those were when it was asked for a sign of life; null when it need not give one. */
  asked: number | null;
  lastFrameAt: number;
}

/** A socket that sends too much is looked at again after so long at most. */
const MAX_PAUSE_MS = 60_000;

const PATH = /^\/wsapi\/in\/?(?:\?|$)/;

const STOPPING = 'stopping; connect again';

function answerBusy(socket: Duplex, reason: string, status: 429 | 503 = 503): void {
  answerSocket(socket, { status, headers: { 'retry-after': '1' }, text: `${reason}\n` });
}

/** ws closes a socket that breaks the protocol with a number only; senders should also read why. */
function explainCloses(ws: WebSocket, frameBytes: number): void {
  const reasons: Readonly<Record<number, string>> = {
    1002: 'not the WebSocket protocol',
    1007: 'a text frame must be UTF-8',
    1009: `a frame may have at most ${frameBytes} bytes`,
  };
  const close = ws.close.bind(ws);
  ws.close = (code, reason) => close(code, reason ?? (code === undefined ? undefined : reasons[code]));
}

export function createSocketHub(deps: SocketHubDeps): SocketHub {
  const { limits, logger, clockMs, rates } = deps;
  const open = new Map<WebSocket, Open>();
  /** How many sockets an address has. */
  const addresses = createTally();
  const senders = new WeakMap<IncomingMessage, Sender>();
  let held = false;
  let stopping = false;
  /** Upgrades whose sender is being found out. */
  let arriving = 0;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false,
    handleProtocols: (asked) => (asked.has(ACK_PROTOCOL) ? ACK_PROTOCOL : agreedProtocol(asked)),
  });
  // Its own answer is a page of HTML, without a remedy.
  server.on('wsClientError', ({ message }, socket) =>
    answerSocket(socket, {
      status: 400,
      headers: { 'sec-websocket-version': '13' },
      text: `${message}; open the socket by RFC 6455\n`,
    }),
  );
  server.on('headers', (headers, request) => {
    const setCookie = senders.get(request)?.setCookie;
    if (typeof setCookie === 'string') headers.push(`Set-Cookie: ${setCookie}`);
  });

  function accept(ws: WebSocket, sender: Sender, { socket }: IncomingMessage, address: string): void {
    explainCloses(ws, limits.frameBytes);
    const connection = createConnection(ws, { ...deps, sender, acks: ws.protocol === ACK_PROTOCOL });
    const reading = createSocketReading(ws, held);
    const state: Open = {
      connection,
      reading,
      received: () => socket.bytesRead,
      asked: null,
      lastFrameAt: clockMs(),
    };
    open.set(ws, state);
    ws.on('message', (data: RawData, isBinary: boolean) => {
      state.lastFrameAt = clockMs();
      connection.receive(data as Buffer, isBinary);
      rates.countAddress(address, 1);
      const key = connection.key();
      if (key !== null) rates.countIdentity(key, 1);
      const waitMs = rates.waitMs({ address, key });
      if (waitMs > 0) reading.pauseFor(Math.min(waitMs, MAX_PAUSE_MS));
    });
    ws.on('error', (error) => logger.debug({ error: messageOf(error) }, 'a socket broke the protocol'));
    ws.on('close', () => {
      open.delete(ws);
      reading.end();
      connection.end();
    });
    connection.reconsider();
  }

  async function arrive(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    address: string,
  ): Promise<void> {
    // Nobody else listens meanwhile, and an error without a listener ends the process.
    const ignore = (): void => undefined;
    socket.on('error', ignore);
    addresses.add(address);
    socket.once('close', () => addresses.remove(address));
    arriving++;
    try {
      const checked = await deps.access.check(request, 'upgrade');
      if (checked.kind === 'refused') return answerRefused(socket, checked);
      const sender = await deps.senderOf(request);
      senders.set(request, sender);
      if (stopping) answerBusy(socket, STOPPING);
      else server.handleUpgrade(request, socket, head, (ws) => accept(ws, sender, request, address));
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'an upgrade failed');
      socket.destroy();
    } finally {
      arriving--;
      socket.off('error', ignore);
    }
  }

  function sweep(): void {
    for (const [ws, state] of open) {
      // A socket that is not read is not asked, because its pong would not be read either.
      if (state.reading.isPaused()) state.asked = null;
      // Any byte is a sign of life: a pong may have to wait behind much that is on its way.
      else if (state.asked === state.received()) ws.terminate();
      else if (clockMs() - state.lastFrameAt > limits.idleMs) ws.close(1001, 'idle for too long');
      else {
        state.asked = state.received();
        ws.ping();
      }
    }
  }
  const sweeper = setInterval(sweep, limits.pingMs);
  sweeper.unref();

  return {
    handleUpgrade(request, socket, head) {
      if (!PATH.test(request.url ?? '')) return false;
      const address = deps.addressOf(request);
      if (request.method !== 'GET')
        answerSocket(socket, { status: 405, headers: { allow: 'GET' }, text: 'use GET\n' });
      else if (!allowsOrigin(deps.origins, request.headers.origin)) refuseOrigin(socket);
      else if (stopping) answerBusy(socket, STOPPING);
      else if (open.size + arriving >= limits.connections)
        answerBusy(socket, 'too many connections; come again later');
      else if (addresses.count(address) >= limits.connectionsPerAddress)
        answerBusy(socket, 'too many connections of this address; close some', 429);
      else void arrive(request, socket, head, address);
      return true;
    },
    hold(now) {
      if (held === now) return;
      held = now;
      for (const state of open.values()) {
        state.asked = null;
        state.reading.hold(held);
      }
    },
    count: () => open.size,
    reconsider() {
      for (const { connection } of open.values()) connection.reconsider();
    },
    async stop() {
      stopping = true;
      clearInterval(sweeper);
      const closed = [...open.keys()].map(
        (ws) => new Promise<void>((resolve) => ws.once('close', () => resolve())),
      );
      // A paused socket would never read the other side's close frame.
      held = false;
      for (const [ws, { reading }] of open) {
        reading.end();
        ws.close(1001, 'the server stops; connect again');
      }
      const hurry = setTimeout(() => {
        for (const ws of open.keys()) ws.terminate();
      }, limits.closeMs);
      await Promise.all(closed);
      clearTimeout(hurry);
    },
  };
}
