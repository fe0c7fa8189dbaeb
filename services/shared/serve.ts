import type { Server } from 'node:http';
import type { Router } from 'express';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { type Dependency, watchHealth } from './health.ts';
import { createApp, listen } from './http.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Logger } from './logger.ts';

export function createRegistry(): Registry {
  const registry = new Registry();
  // Ten times less often than by default, which woke an idle process a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  return registry;
}

export interface ServeOptions {
  readonly config: { readonly LECTERN_HOST: string; readonly LECTERN_PORT: number };
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  readonly registry: Registry;
  readonly dependencies: readonly Dependency[];
  readonly routers?: readonly Router[];
  /** What else keeps the service from work, once it has started. */
  readonly notReady: () => readonly string[];
  /** What of its work stands still, while the rest goes on. */
  readonly degraded?: () => readonly string[];
}

export interface Serving {
  readonly server: Server;
  readonly url: string;
  /** Resolves when every dependency has answered once, or the process is stopping. */
  dependenciesUp(): Promise<void>;
  /** From now on readiness depends on dependencies and `notReady` alone. */
  started(): void;
  notReady(): readonly string[];
}

/**
 * Serves a service's routes, `/healthz`, `/readyz` and `/metrics` from its first moment on, so that one can see what it
 * waits for. Register what must stop before the server closes after this call.
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { config, logger, lifecycle } = options;
  const health = watchHealth(options.dependencies, logger);
  lifecycle.onStop('health', () => health.stop());
  let starting = true;
  const notReady = (): readonly string[] => {
    if (lifecycle.stopping.aborted) return ['stopping'];
    const away = health.notReady();
    return starting && away.length === 0 ? ['starting'] : [...away, ...(starting ? [] : options.notReady())];
  };
  const { registry, degraded, routers = [] } = options;
  const app = createApp({ routers, notReady, degraded, registry, logger });
  const listening = await listen(app, config.LECTERN_HOST, config.LECTERN_PORT);
  lifecycle.onStop('http', () => listening.close());
  logger.info({ url: listening.url }, 'listening');
  return {
    server: listening.server,
    url: listening.url,
    dependenciesUp: () => health.waitUntilUp(lifecycle.stopping),
    started() {
      starting = false;
      logger.info('started');
    },
    notReady,
  };
}
