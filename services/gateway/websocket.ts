import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { answerSocket } from '../shared/answer-socket.ts';
import { messageOf } from '../shared/errors.ts';
import type { Access } from './access.ts';
import { ACK_PROTOCOL } from './acks.ts';
import { type Connection, type ConnectionDeps, createConnection, type Pace } from './connection.ts';
import { agreedProtocol } from './given-token.ts';
import type { GatewayLimits } from './limits.ts';
import type { Rates } from './rates.ts';
import type { Sender } from './sender.ts';
import { type Arrival, createSocketArrivals, type SocketArrivalsDeps } from './socket-arrivals.ts';
import { createSocketReading, type SocketReading } from './socket-reading.ts';
import { createUnfinishedFrames, type UnfinishedFramesDeps } from './unfinished-frames.ts';

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

export interface SocketHubDeps
  extends Omit<ConnectionDeps, 'sender' | 'acks' | 'pace'>,
    Omit<SocketArrivalsDeps, 'open' | 'accept'> {
  readonly access: Pick<Access, 'check' | 'doorFor'>;
  readonly limits: ConnectionDeps['limits'] &
    SocketArrivalsDeps['limits'] &
    UnfinishedFramesDeps['limits'] &
    Pick<GatewayLimits, 'frameBytes' | 'pingMs' | 'idleMs' | 'closeMs'>;
  readonly rates: Rates;
  readonly clockMs: () => number;
}

interface Open {
  readonly reading: SocketReading;
  readonly connection: Connection;
  /** Resolves when it is closed and all that came was taken. */
  readonly finished: Promise<void>;
  /** Bytes that came in until now. */
  received(): number;
  /** How many those were when it was asked for a sign of life; null when it need not give one. */
  asked: number | null;
  lastFrameAt: number;
}

/** Of a socket whose sender never has to wait. */
const AT_ONCE: Pace = { inTurn: (_key, step) => step(), count: () => undefined };

/** A socket that sends too much is looked at again after so long at most. */
const MAX_PAUSE_MS = 60_000;

const PATH = /^\/wsapi\/in\/?(?:\?|$)/;

/**
 * ws closes a socket that breaks the protocol with a number only; senders should also read why. It closes before it tells
 * of the error, so there is nothing earlier to listen to.
 */
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
  const senders = new WeakMap<IncomingMessage, Sender>();
  const unfinished = createUnfinishedFrames({ limits, clockMs });
  let held = false;
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

  /** Runs steps of one socket in their order, none before its sender may go on. */
  function createPace(reading: SocketReading, address: string): Pace {
    return {
      inTurn(key, step) {
        const tryStep = (): void => {
          const waitMs = rates.waitMs({ address, key });
          if (waitMs > 0) reading.pauseFor(Math.min(waitMs, MAX_PAUSE_MS));
          // Not so when the server stops: then all that was read is taken.
          if (waitMs > 0 && reading.isPaused()) reading.inTurn(tryStep);
          else step();
        };
        reading.inTurn(tryStep);
      },
      count: (key) => rates.countIdentity(key, 1),
    };
  }

  function accept(ws: WebSocket, { request: { socket }, sender, address, place }: Arrival): void {
    explainCloses(ws, limits.frameBytes);
    const reading = createSocketReading(ws, held);
    unfinished.watch(ws, socket, reading.isPaused);
    const pace = rates.unlimited ? AT_ONCE : createPace(reading, address);
    const connection = createConnection(ws, { ...deps, pace, sender, acks: ws.protocol === ACK_PROTOCOL });
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const state: Open = {
      connection,
      reading,
      finished,
      received: () => socket.bytesRead,
      asked: null,
      lastFrameAt: clockMs(),
    };
    open.set(ws, state);
    place.keep();
    ws.on('message', (data: RawData, isBinary: boolean) => {
      state.lastFrameAt = clockMs();
      pace.inTurn(null, () => {
        rates.countAddress(address, 1);
        connection.receive(data as Buffer, isBinary);
      });
    });
    ws.on('error', (error) => logger.debug({ error: messageOf(error) }, 'a socket broke the protocol'));
    ws.on('close', () =>
      // Of a client that closes what it sent before is taken, at its rate, and meanwhile it keeps its place.
      reading.whenTaken(() => {
        open.delete(ws);
        place.leave();
        reading.end();
        connection.end();
        finish();
      }),
    );
    connection.reconsider();
  }

  const arrivals = createSocketArrivals({
    ...deps,
    open: () => open.size,
    accept(arrival) {
      const { request, socket, head, sender } = arrival;
      senders.set(request, sender);
      server.handleUpgrade(request, socket, head, (ws) => accept(ws, arrival));
    },
  });

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
      if (request.method === 'GET') arrivals.take(request, socket, head);
      else answerSocket(socket, { status: 405, headers: { allow: 'GET' }, text: 'use GET\n' });
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
      arrivals.stop();
      clearInterval(sweeper);
      unfinished.stop();
      const finished = [...open.values()].map((state) => state.finished);
      // A paused socket would never read the other side's close frame.
      held = false;
      for (const [ws, { reading }] of [...open]) {
        reading.end();
        ws.close(1001, 'the server stops; connect again');
      }
      const hurry = setTimeout(() => {
        for (const ws of open.keys()) ws.terminate();
      }, limits.closeMs);
      await Promise.all(finished);
      clearTimeout(hurry);
    },
  };
}
