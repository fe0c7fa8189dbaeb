import { loadClasses } from '../shared/classes.ts';
import { openRedis } from '../shared/cluster.ts';
import { redisShape } from '../shared/cluster-shapes.ts';
import { parseConfig } from '../shared/config.ts';
import { loadInstallation } from '../shared/installation.ts';
import { runService } from '../shared/lifecycle.ts';
import { createRegistry, serve } from '../shared/serve.ts';
import { querySchema } from './config.ts';
import { createQuery } from './query.ts';

/**
 * The query service as a process of its own, on Redis. It only reads: an answer is the state of the last checkpoint,
 * with the offset and the time that it belongs to. Any number of them may run.
 * On SIGTERM: readiness off, streams ended, so that browsers connect to another one, connections closed.
 */
const schema = querySchema.extend(redisShape);

runService({
  name: 'query',
  loadConfig: () => parseConfig(schema, process.env),
  async start({ config, logger, lifecycle }) {
    const { modules } = await loadInstallation(config);
    const classes = config.LECTERN_CLASSES_FILE === undefined ? [] : loadClasses(config.LECTERN_CLASSES_FILE);
    const registry = createRegistry();
    const state = openRedis(config, config.LECTERN_NAMESPACE, logger);
    lifecycle.onStop('state', () => state.close());
    const query = createQuery({
      state,
      modules,
      namespace: config.LECTERN_NAMESPACE,
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
      notReady: () => [],
    });
    lifecycle.onStop('query', () => query.stop());
    serving.started();
  },
});
