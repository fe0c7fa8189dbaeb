import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express, type Router } from 'express';
import type { Registry } from 'prom-client';
import { LecternError, messageOf } from './errors.ts';
import type { Logger } from './logger.ts';
import { otherMethods } from './other-methods.ts';

export interface AppOptions {
  /** Mounted in order, at `/`. */
  readonly routers: readonly Router[];
  /** What keeps the process as a whole from its work now, one line each; empty means ready. */
  readonly notReady: () => readonly string[];
  /** What of its work stands still until somebody acts, while the rest goes on, one line each. */
  readonly degraded?: (() => readonly string[]) | undefined;
  readonly registry: Registry;
  readonly logger: Logger;
}

function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error);
    const status = (error as { status?: unknown }).status;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      response.status(status).json({ error: messageOf(error) });
    } else if (error instanceof LecternError && error.retriable) {
      response.status(503).set('retry-after', '1').json({ error: error.message });
    } else {
      logger.error({ error: messageOf(error), stack: (error as Error).stack }, 'a request failed');
      response.status(500).json({ error: 'the request failed; the log has the cause' });
    }
  };
}

/**
 * The Express application of a service, not listening: its routers, `/healthz` (the event loop turns), `/readyz`
 * (`{ready, status, reasons}`: 200 when it is `ready`, or `degraded`, which neither a restart nor other traffic mends;
 * 503 and when to ask again when it is `not ready`), `/metrics`, JSON errors. No learner data in any log line.
 */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const refuse = otherMethods('GET, HEAD');
  app
    .route('/healthz')
    .get((_request, response) => void response.json({ status: 'ok' }))
    .all(refuse);
  app
    .route('/readyz')
    .get((_request, response) => {
      const notReady = options.notReady();
      const degraded = options.degraded?.() ?? [];
      const ready = notReady.length === 0;
      const working = degraded.length === 0 ? 'ready' : 'degraded';
      const status = ready ? working : 'not ready';
      if (!ready) response.set('retry-after', '1');
      response.status(ready ? 200 : 503).json({ ready, status, reasons: [...notReady, ...degraded] });
    })
    .all(refuse);
  app
    .route('/metrics')
    .get(async (_request, response) => {
      // The type only once there is something of it: an error is no such text.
      const text = await options.registry.metrics();
      response.type(options.registry.contentType).send(text);
    })
    .all(refuse);
  for (const router of options.routers) app.use(router);
  app.use((request, response) => void response.status(404).json({ error: `no such path: ${request.path}` }));
  app.use(errorHandler(options.logger));
  return app;
}

export interface Listening {
  readonly server: Server;
  readonly url: string;
  /** Stops accepting, lets answers finish, then closes what is still open. */
  close(): Promise<void>;
}

/** Milliseconds. */
interface ServerTimeouts {
  /** From a connection, or the end of an answer, until the headers of a request are there. */
  readonly headersTimeout: number;
  /** Until a request is there as a whole. */
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  /** How often the first two are looked at. */
  readonly connectionsCheckingInterval: number;
}

export interface ServerBounds extends ServerTimeouts {
  /** Open at once, whatever they are used for; further ones are closed at once. */
  readonly maxConnections: number;
}

const BOUNDS: ServerBounds = {
  // The gateway's sockets and some more.
  maxConnections: 12_000,
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
};

/** Port 0 takes a free one. Rejects with CONFIG_INVALID when the port is taken or not allowed. */
export async function listen(
  app: Express,
  host: string,
  port: number,
  bounds: Partial<ServerBounds> = {},
): Promise<Listening> {
  const { maxConnections, ...timeouts } = { ...BOUNDS, ...bounds };
  const server = createServer(timeouts, app);
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new LecternError(
          'CONFIG_INVALID',
          `LECTERN_HOST, LECTERN_PORT: cannot listen on ${host}:${port}: ${cause.message}`,
          { cause },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    server,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const hurry = setTimeout(() => server.closeAllConnections(), 5_000);
      await closed;
      clearTimeout(hurry);
    },
  };
}
