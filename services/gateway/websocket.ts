import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { type Connection, type ConnectionDeps, createConnection } from './connection.ts';
import type { GatewayLimits } from './limits.ts';
import { allowsOrigin, type Origins, refuseOrigin } from './origins.ts';
import type { Sender } from './sender.ts';

/** The open sockets. */
export interface SocketHub {
  /** True when the request is for this hub, which has then taken the socket over. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** While held, no socket is read: clients feel it as a connection that takes nothing more. */
  hold(held: boolean): void;
  count(): number;
  /** Refuses new sockets, closes the open ones with 1001, and resolves when what they had sent was taken. */
  stop(): Promise<void>;
}

export interface SocketHubDeps extends Omit<ConnectionDeps, 'sender'> {
  readonly logger: Logger;
  readonly limits: ConnectionDeps['limits'] &
    Pick<GatewayLimits, 'connections' | 'frameBytes' | 'pingMs' | 'idleMs' | 'closeMs'>;
  readonly senderOf: (request: IncomingMessage) => Promise<Sender>;
  readonly origins: Origins;
  readonly clockMs: () => number;
}

interface Open {
  readonly connection: Connection;
  answered: boolean;
  lastFrameAt: number;
}

const PATH = /^\/wsapi\/in\/?(?:\?|$)/;

const STOPPING = 'stopping; connect again\n';

function answerBusy(socket: Duplex, reason: string): void {
  socket.on('error', () => undefined);
  socket.end(
    `HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`,
  );
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
  const { limits, logger, clockMs } = deps;
  const open = new Map<WebSocket, Open>();
  const senders = new WeakMap<IncomingMessage, Sender>();
  /** Upgrades whose sender is being found out. */
  let arriving = 0;
  let held = false;
  let stopping = false;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false,
  });
  server.on('headers', (headers, request) => {
    const setCookie = senders.get(request)?.setCookie;
    if (typeof setCookie === 'string') headers.push(`Set-Cookie: ${setCookie}`);
  });

  function accept(ws: WebSocket, sender: Sender): void {
    explainCloses(ws, limits.frameBytes);
    const connection = createConnection(ws, { ...deps, sender });
    const state: Open = { connection, answered: true, lastFrameAt: clockMs() };
    open.set(ws, state);
    ws.on('message', (data: RawData, isBinary: boolean) => {
      state.lastFrameAt = clockMs();
      connection.receive(data as Buffer, isBinary);
    });
    ws.on('pong', () => {
      state.answered = true;
    });
    ws.on('error', (error) => logger.debug({ error: messageOf(error) }, 'a socket broke the protocol'));
    ws.on('close', () => {
      open.delete(ws);
      connection.end();
    });
    if (held) ws.pause();
  }

  async function arrive(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Nobody else listens meanwhile, and an error without a listener ends the process.
    const ignore = (): void => undefined;
    socket.on('error', ignore);
    arriving++;
    try {
      const sender = await deps.senderOf(request);
      senders.set(request, sender);
      if (stopping) answerBusy(socket, STOPPING);
      else server.handleUpgrade(request, socket, head, (ws) => accept(ws, sender));
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'an upgrade failed');
      socket.destroy();
    } finally {
      arriving--;
      socket.off('error', ignore);
    }
  }

  function sweep(): void {
    // A held socket is not read, so its pongs are not either.
    if (held) return;
    for (const [ws, state] of open) {
      if (!state.answered) ws.terminate();
      else if (clockMs() - state.lastFrameAt > limits.idleMs) ws.close(1001, 'idle for too long');
      else {
        state.answered = false;
        ws.ping();
      }
    }
  }
  const sweeper = setInterval(sweep, limits.pingMs);
  sweeper.unref();

  return {
    handleUpgrade(request, socket, head) {
      if (!PATH.test(request.url ?? '')) return false;
      if (!allowsOrigin(deps.origins, request.headers.origin)) refuseOrigin(socket);
      else if (stopping) answerBusy(socket, STOPPING);
      else if (open.size + arriving >= limits.connections)
        answerBusy(socket, 'too many connections; come again later\n');
      else void arrive(request, socket, head);
      return true;
    },
    hold(now) {
      if (held === now) return;
      held = now;
      for (const [ws, state] of open) {
        state.answered = true;
        if (held) ws.pause();
        else ws.resume();
      }
    },
    count: () => open.size,
    async stop() {
      stopping = true;
      clearInterval(sweeper);
      const closed = [...open.keys()].map(
        (ws) => new Promise<void>((resolve) => ws.once('close', () => resolve())),
      );
      // A paused socket would never read the other side's close frame.
      held = false;
      for (const ws of open.keys()) {
        ws.resume();
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
