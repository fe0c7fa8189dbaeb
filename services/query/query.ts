import { type RequestHandler, Router } from 'express';
import type { Registry } from 'prom-client';
import { BLOBS_MODULE } from '../shared/blobs.ts';
import type { LearningClass } from '../shared/classes.ts';
import type { Control } from '../shared/control/port.ts';
import type { EventLog } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/module.ts';
import type { StateStore } from '../shared/state/port.ts';
import { createCatalog } from './catalog.ts';
import { createClassesRoute } from './classes-route.ts';
import { createLive, LIVE_LIMITS, type LiveLimits } from './live.ts';
import { createLiveRoute } from './live-route.ts';
import { createQueryMetrics, type QueryMetrics, registerLiveFigures } from './metrics.ts';
import { createModulesRoute } from './modules-route.ts';
import { createPages } from './pages.ts';
import { createPositions } from './positions.ts';
import { createPromptStore } from './prompt-store.ts';
import { createRekeyedStandings } from './rekeyed-standings.ts';
import { createStateReader } from './state-reader.ts';
import { createStateRoute } from './state-route.ts';
import { createVersions } from './versions.ts';

export interface QueryDeps {
  readonly state: StateStore;
  readonly log: Pick<EventLog, 'offsets' | 'partitionCount'>;
  readonly control: Pick<Control, 'activeVersion' | 'claimedUnits' | 'caughtUp' | 'watch'>;
  readonly modules: readonly Module[];
  readonly namespace: string;
  readonly classes: readonly LearningClass[];
  /** The folder of the built pages. */
  readonly webDir: URL | string;
  readonly registry: Registry;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly limits?: Partial<LiveLimits>;
  /** How long the state store may take to answer; 2 s when not given. */
  readonly storeTimeoutMs?: number;
}

export interface Query {
  /** Everything that the service answers, to be mounted at `/`. */
  readonly router: Router;
  /** Ends the live streams; the browsers connect again, to another process if there is one. */
  stop(): void;
  /** Why nothing can be answered yet, one line each. */
  notReady(): readonly string[];
  /** The modules of which nothing can be shown until somebody acts, one line each. */
  degraded(): readonly string[];
}

const STORE_TIMEOUT_MS = 2_000;

/** Answers hold learners' data, so nothing between here and the reader may keep them. */
const noStore: RequestHandler = (_request, response, next) => {
  response.set('cache-control', 'no-store');
  response.set('x-content-type-options', 'nosniff');
  next();
};

function measured(metrics: QueryMetrics, now: () => number): RequestHandler {
  return (request, response, next) => {
    const startedAt = now();
    response.on('finish', () => {
      if (String(response.getHeader('content-type')).startsWith('text/event-stream')) return;
      const route = /^\/v1\/(modules|state|live|classes)\b/.exec(request.originalUrl)?.[0] ?? 'other';
      metrics.requestSeconds.observe({ route, status: response.statusCode }, (now() - startedAt) / 1000);
    });
    next();
  };
}

/** The query service over a state store: the API under `/v1` and the pages at `/`. */
export function createQuery(deps: QueryDeps): Query {
  const { state, modules, namespace, registry, logger, now } = deps;
  const store = createPromptStore(state, deps.storeTimeoutMs ?? STORE_TIMEOUT_MS);
  const positions = createPositions(store);
  const standings = createRekeyedStandings({ positions, namespace });
  // A blob is between a tool and its student: the gateway gives it to them, and nobody asks for it here.
  const asked = modules.filter(({ name }) => name !== BLOBS_MODULE);
  const looking = { log: deps.log, state: store, namespace, logger, modules: asked };
  const versions = createVersions({ ...looking, control: deps.control });
  const catalog = createCatalog(versions);
  const metrics = createQueryMetrics(registry);
  const reader = createStateReader({ state: store, positions, standings, namespace });
  const live = createLive({
    state,
    reader,
    catalog,
    versions,
    metrics,
    logger,
    now,
    limits: { ...LIVE_LIMITS, ...deps.limits },
  });
  registerLiveFigures(registry, live.figures);

  const router = Router();
  router.use('/v1', noStore, measured(metrics, now));
  router.use(createModulesRoute({ ...looking, catalog, versions }));
  router.use(createStateRoute({ catalog, versions, reader }));
  router.use(createLiveRoute({ catalog, versions, live }));
  router.use(createClassesRoute(deps.classes));
  router.use(createPages(deps.webDir));
  versions.start();
  return {
    router,
    stop() {
      versions.stop();
      live.stop();
    },
    notReady: versions.notReady,
    degraded: versions.degraded,
  };
}
