import type { z } from 'zod';
import { loadClasses } from '../shared/classes.ts';
import { openKafka, openRedis, openS3 } from '../shared/cluster.ts';
import { kafkaShape, redisShape, s3Shape } from '../shared/cluster-shapes.ts';
import { type Environment, parseConfig } from '../shared/config.ts';
import { createControl } from '../shared/control/control.ts';
import { createHistory } from '../shared/history/history.ts';
import { createLogAloneHistory } from '../shared/history/log-alone.ts';
import { loadInstallation } from '../shared/installation.ts';
import { runService } from '../shared/lifecycle.ts';
import { createRegistry, serve } from '../shared/serve.ts';
import { querySchema } from './config.ts';
import { createQuery } from './query.ts';

/**
 * The query service as a process of its own, on Redis and Kafka. It only reads: an answer is the state of the last
 * checkpoint, with the offset and the time that it belongs to, of the version of its module that the control topic names.
 * That topic is read once at the start, as far as the log does not have it from S3 (LECTERN_S3_ENDPOINT), and followed: once
 * it has been read, answers do not depend on Kafka. Any number of them may run.
 * On SIGTERM: readiness off, streams ended, so that browsers connect to another one, connections closed.
 */
const onLog = querySchema.extend({ ...redisShape, ...kafkaShape });
const withArchive = onLog.extend(s3Shape);

type QueryConfig = Readonly<z.output<typeof onLog>> & Partial<z.output<typeof withArchive>>;

function loadConfig(env: Environment): QueryConfig {
  return env.LECTERN_S3_ENDPOINT ? parseConfig(withArchive, env) : parseConfig(onLog, env);
}

runService({
  name: 'query',
  loadConfig: () => loadConfig(process.env),
  async start({ config, logger, lifecycle }) {
    const { modules } = await loadInstallation(config);
    const classes = config.LECTERN_CLASSES_FILE === undefined ? [] : loadClasses(config.LECTERN_CLASSES_FILE);
    const registry = createRegistry();
    const state = openRedis(config, config.LECTERN_NAMESPACE, logger);
    lifecycle.onStop('state', () => state.close());
    const namespace = config.LECTERN_NAMESPACE;
    const log = openKafka(config, 'lectern-query', logger);
    lifecycle.onStop('log', () => log.close());
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
    const query = createQuery({
      state,
      log,
      control,
      modules,
      namespace,
      classes,
      webDir: new URL('./web/', import.meta.url),
      registry,
      logger,
      now: Date.now,
    });
    const serving = await serve({
      config,
      logger,
      lifecycle,
      registry,
      dependencies: [{ name: 'state', check: () => state.check() }],
      routers: [query.router],
      notReady: query.notReady,
      degraded: query.degraded,
    });
    lifecycle.onStop('query', () => query.stop());
    serving.started();
  },
});
