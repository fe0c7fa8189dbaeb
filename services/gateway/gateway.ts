import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RequestHandler, Router } from 'express';
import type { Registry } from 'prom-client';
import type { BlobPlaces } from '../shared/blobs.ts';
import type { ClientType } from '../shared/client-schema.ts';
import { createEventCodec } from '../shared/event.ts';
import type { EventLog, Producer } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { StateStore } from '../shared/state/port.ts';
import type { Access } from './access.ts';
import { addressOf } from './address.ts';
import { createBlobMetrics } from './blob-metrics.ts';
import { createBlobReader } from './blob-reader.ts';
import { createBodyBudget } from './body-budget.ts';
import { createByteBudget } from './byte-budget.ts';
import { createCaliper } from './caliper.ts';
import { type Claims, createToEventRecord } from './envelope.ts';
import { createEventIds } from './event-id.ts';
import { createHttpEvents } from './http-events.ts';
import { createGate } from './http-gate.ts';
import type { Identity } from './identity.ts';
import { withKeys } from './key-authorize.ts';
import { DEFAULT_LIMITS, type GatewayLimits } from './limits.ts';
import { createLaunchOf } from './lti-session.ts';
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts';
import { createDocumentRoute } from './openapi/route.ts';
import { createCors, type Origins } from './origins.ts';
import { createPublisher } from './publisher.ts';
import { createRates, type RatesConfig } from './rates.ts';
import type { Roster } from './roster.ts';
import { senderOf } from './sender.ts';
import { createSocketPath } from './socket-path.ts';
import { createStamp } from './stamp.ts';
import type { StampRules } from './stamp-rules.ts';
import type { StandardSenders } from './standard-senders.ts';
import { createSourceFault } from './typed-sources.ts';
import { createSocketHub } from './websocket.ts';
import { createXapi, sayVersion, VERSION_HEADER } from './xapi.ts';

/** Neither is closed by the gateway. */
export interface BlobSources {
  readonly log: Pick<EventLog, 'offsets'>;
  readonly state: Pick<StateStore, 'position' | 'readMany'>;
  readonly places: BlobPlaces;
}

export interface GatewayDeps {
  /** Not closed by the gateway. */
  readonly producer: Pick<Producer, 'send'>;
  readonly namespace: string;
  /** The sources that have a topic of their own. */
  readonly sources: readonly string[];
  /** By source, live: those that got one at run time. */
  readonly claims?: Claims;
  readonly identity: Identity;
  /** Not stopped by the gateway. */
  readonly access: Access;
  /** Of session cookies; without it none is believed. */
  readonly ltiSecret: string | undefined;
  readonly origins: Origins;
  readonly logger: Logger;
  readonly registry: Registry;
  /** What events of a source must look like, for the sources that have a schema. */
  readonly typedSources: ReadonlyMap<string, ClientType>;
  readonly keepIp: boolean;
  /** How much a sender may send. */
  readonly rates: RatesConfig;
  /** How many proxies in front are believed what they say in X-Forwarded-For and X-Forwarded-Proto. */
  readonly proxies: number;
  /** What fetched blobs are read from; without it fetches are refused. Nothing else of the gateway depends on it. */
  readonly blobs?: BlobSources | undefined;
  /** Where class, resource and teacher of events come from. */
  readonly stampRules: StampRules;
  /** What the rules may ask. */
  readonly roster: Roster;
  /** Who may send statements and envelopes; without it neither is served. */
  readonly standardSenders?: StandardSenders;
  readonly limits?: Partial<GatewayLimits>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly newId?: () => string;
}

/**
 * The front door: events come in by socket or request, get their sender's identity, and go to the log.
 *
 * Promises: whoever is told `accepted` can forget the event, it is durable (acks=all). Events of one learner and source
 * keep the order in which one connection sent them. What no acknowledgement was given for may be lost in a crash, and
 * may be there twice under one id after a failed send.
 */
export interface Gateway {
  /** `POST /v1/events`, `/xapi` and `/caliper`, and the document of all that is served. */
  readonly router: Router;
  /** Takes upgrades of `/wsapi/in/`; false, and the socket untouched, for any other path. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** What keeps it from accepting events, one line each. */
  notReady(): readonly string[];
  /** Refuses what is new, closes sockets, and resolves when the log took what had been sent or the deadline is over. */
  stop(): Promise<void>;
}

export function createGateway(deps: GatewayDeps): Gateway {
  const { logger, identity, access } = deps;
  const limits: GatewayLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  const now = deps.now ?? Date.now;
  const clockMs = (): number => performance.now();
  const { stampRules, proxies } = deps;
  const unheardOf = [...stampRules.sources.keys()].filter((source) => !deps.sources.includes(source));
  if (unheardOf.length > 0)
    logger.warn(
      { sources: unheardOf },
      'LECTERN_STAMP: has rules for sources without a topic; correct their names',
    );
  let stopped: Promise<void> | undefined;

  const publisher = createPublisher({
    producer: deps.producer,
    limits,
    logger,
    clockMs,
    onFull(full) {
      logger[full ? 'warn' : 'info'](
        full
          ? 'the queue is full: sockets are not read and requests refused until the log takes events'
          : 'the queue has room again',
      );
      hub.hold(full);
    },
    onAttempt: (kept) => metrics.attempt(kept),
  });
  const metrics: GatewayMetrics = createGatewayMetrics({
    registry: deps.registry,
    connections: () => hub.count(),
    queue: () => publisher.state(),
  });
  const settings = {
    keepIp: deps.keepIp,
    proxies,
    crossSite: deps.origins !== 'any',
    newGuestId: () => randomBytes(16).toString('hex'),
    launchOf: createLaunchOf({ secret: deps.ltiSecret, now }),
    credentialOf: access.credentialOf,
  };
  const blobs =
    deps.blobs === undefined
      ? null
      : createBlobReader({
          ...deps.blobs,
          metrics: createBlobMetrics(deps.registry),
          logger,
          clockMs,
          limits,
        });
  const common = {
    identity,
    origins: deps.origins,
    access,
    gate: createGate(access),
    publisher,
    metrics,
    limits,
    now,
    clockMs,
    toEventRecord: createToEventRecord({
      namespace: deps.namespace,
      sources: deps.sources,
      claims: deps.claims,
      codec: createEventCodec(),
      newId: deps.newId ?? createEventIds(),
      stamp: createStamp({ rules: stampRules, roster: deps.roster }),
    }),
    sourceFault: createSourceFault(deps.typedSources),
    backlogBudget: createByteBudget(limits.backlogBytes),
    bodyBudget: createBodyBudget(limits),
    senderOf: (request: IncomingMessage) => senderOf(request, settings),
    rates: createRates(deps.rates, { logger, clockMs }),
    addressOf: (request: IncomingMessage) => addressOf(request, proxies),
  };
  const hub = createSocketHub({ ...common, blobs, logger });
  access.onChange(hub.reconsider);
  const isStopping = (): boolean => stopped !== undefined;
  const cors = (methods: string, header: string, exposed = 'retry-after'): RequestHandler =>
    createCors({ ...deps, methods, headers: `authorization, ${header}, content-type`, exposed });
  const router = Router();
  router.use(createDocumentRoute({ limits, standards: deps.standardSenders !== undefined }));
  router.use('/v1/events', cors('POST', 'content-encoding'));
  router.use(createSocketPath());
  router.use(createHttpEvents({ ...common, isStopping }));
  if (deps.standardSenders !== undefined) {
    const { xapi, caliper } = deps.standardSenders;
    const exposed = `retry-after, ${VERSION_HEADER}`;
    router.use('/xapi', sayVersion, cors('POST, PUT', VERSION_HEADER, exposed));
    router.use('/caliper', cors('POST', 'content-encoding'));
    router.use(createXapi({ ...common, isStopping, authorize: withKeys(access, xapi) }));
    router.use(createCaliper({ ...common, isStopping, authorize: withKeys(access, caliper) }));
  }

  async function stop(): Promise<void> {
    await hub.stop();
    await publisher.stop(limits.drainMs);
  }

  return {
    router,
    handleUpgrade: hub.handleUpgrade,
    notReady() {
      if (stopped !== undefined) return ['the gateway is stopping'];
      const { oldestWaitMs } = publisher.state();
      if (oldestWaitMs < limits.overdueMs) return access.notReady();
      return [
        ...access.notReady(),
        `the log has not taken an event for ${Math.round(oldestWaitMs / 1_000)} s`,
      ];
    },
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}
