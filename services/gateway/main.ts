import { z } from 'zod';
import { blobPlaces } from '../shared/blobs.ts';
import { openKafka, openRedis, openS3 } from '../shared/cluster.ts';
import { kafkaShape, s3Shape } from '../shared/cluster-shapes.ts';
import { type Environment, parseConfig } from '../shared/config.ts';
import { createControl } from '../shared/control/control.ts';
import { createHistory } from '../shared/history/history.ts';
import { createLogAloneHistory } from '../shared/history/log-alone.ts';
import { loadInstallation } from '../shared/installation.ts';
import { runService } from '../shared/lifecycle.ts';
import { createLazyProducer } from '../shared/log/lazy-producer.ts';
import type { Logger } from '../shared/logger.ts';
import { createRegistry, serve } from '../shared/serve.ts';
import type { StateStore } from '../shared/state/port.ts';
import { takeUpgrades } from '../shared/take-upgrades.ts';
import { warnOfWaiting } from '../shared/unclaimed/warn-waiting.ts';
import { gatewayShape, optionalRedisShape, withGatewayRules } from './config.ts';
import { createGateway } from './gateway.ts';
import { openAccess } from './open-access.ts';
import { openSharedCounts } from './open-counts.ts';
import { openRoster } from './open-roster.ts';
import { settingsOf } from './settings.ts';

/**
 * The gateway as a process of its own, on Kafka. It guarantees what `gateway.ts` says. An event's way:
 * 1. a frame is parsed and checked, gets the locked fields, and its sender's identity;
 * 2. it becomes an envelope with its final id, placed by its student's key;
 * 3. it waits in a bounded queue, at most a few milliseconds, for its batch;
 * 4. the batch is sent, acks=all, again until the log takes it, in order;
 * 5. the sender is told.
 * A crash before step 4 ended loses what no sender was told of; after it, nothing.
 * Who may send, and which sources got a topic meanwhile, it follows in the control topic: out of the log, and out of the archive where one is configured, which it
 * needs once the log has lost the beginning of that topic.
 * Blobs are fetched from Redis, where LECTERN_REDIS_URL names one. While that is away fetches are answered with an error;
 * everything else, readiness too, goes on.
 * On SIGTERM: readiness off, sockets closed with 1001, the queue sent, connections closed.
 */
const shape = { ...gatewayShape, ...kafkaShape, ...optionalRedisShape };
const onLog = withGatewayRules(z.object(shape));
const withArchive = withGatewayRules(z.object({ ...shape, ...s3Shape }));

type GatewayConfig = Readonly<z.output<typeof onLog>> & Partial<z.output<typeof withArchive>>;

/** The archive is read as soon as LECTERN_S3_ENDPOINT is set. */
function loadConfig(env: Environment): GatewayConfig {
  return env.LECTERN_S3_ENDPOINT ? parseConfig(withArchive, env) : parseConfig(onLog, env);
}

function openStates(config: GatewayConfig, logger: Logger): StateStore | null {
  const { LECTERN_REDIS_URL, LECTERN_NAMESPACE } = config;
  return LECTERN_REDIS_URL === undefined ? null : openRedis({ LECTERN_REDIS_URL }, LECTERN_NAMESPACE, logger);
}

runService({
  name: 'gateway',
  loadConfig: () => loadConfig(process.env),
  async start({ config, logger, lifecycle }) {
    const installation = await loadInstallation(config);
    const registry = createRegistry();
    const log = openKafka(config, 'lectern-gateway', logger);
    lifecycle.onStop('log', () => log.close());
    const producer = createLazyProducer(log);
    lifecycle.onStop('producer', () => producer.close());
    const counts = openSharedCounts(config, logger);
    lifecycle.onStop('counts', () => counts.close());
    const state = openStates(config, logger);
    if (state !== null) lifecycle.onStop('state', () => state.close());
    const namespace = config.LECTERN_NAMESPACE;
    const archive =
      config.LECTERN_S3_ENDPOINT === undefined ? null : openS3(config as Parameters<typeof openS3>[0]);
    lifecycle.onStop('archive', () => archive?.close());
    const control = createControl({
      log,
      ...(archive === null
        ? { history: createLogAloneHistory(log) }
        : { history: createHistory({ log, archive, namespace }), archive }),
      namespace,
      logger,
      registry,
    });
    lifecycle.onStop('control', () => control.close());
    const places = blobPlaces(namespace, installation.modules, control);
    const access = openAccess(config, { control, logger, registry, lifecycle });
    const gateway = createGateway({
      ...settingsOf(config, installation, counts.shared),
      roster: await openRoster(config, { logger, lifecycle }),
      producer,
      access,
      claims: control.claims,
      namespace,
      blobs: state === null || places === null ? undefined : { log, state, places },
      logger,
      registry,
    });
    const serving = await serve({
      config,
      logger,
      lifecycle,
      registry,
      dependencies: [{ name: 'log', check: () => log.check() }],
      routers: [gateway.router],
      notReady: gateway.notReady,
    });
    takeUpgrades(serving.server, gateway.handleUpgrade);
    lifecycle.onStop('gateway', () => gateway.stop());
    await serving.dependenciesUp();
    if (lifecycle.stopping.aborted) return;
    await log.ensureTopics(installation.topics);
    access.start();
    serving.started();
    void warnOfWaiting({ log, control, namespace, sources: installation.sources, logger });
  },
});
