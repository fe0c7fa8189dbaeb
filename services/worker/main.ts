import { z } from 'zod';
import { kafkaShape, openKafka, openRedis, redisShape } from '../shared/cluster.ts';
import { parseConfig } from '../shared/config.ts';
import { loadInstallation } from '../shared/installation.ts';
import { runService } from '../shared/lifecycle.ts';
import { createRegistry, serve } from '../shared/serve.ts';
import { workerShape } from './config.ts';
import { createWorker } from './worker.ts';

/**
 * The worker as a process of its own, on Kafka and Redis. It guarantees what `worker.ts` says, whose numbered steps are
 * those of a unit; any number of workers share the partitions of each module's group.
 * On SIGTERM: readiness off, units checkpointed, groups left, connections closed.
 */
const schema = z.object({ ...workerShape, ...kafkaShape, ...redisShape });

runService({
  name: 'worker',
  loadConfig: () => parseConfig(schema, process.env),
  async start({ config, logger, lifecycle }) {
    const installation = await loadInstallation(config);
    const registry = createRegistry();
    const log = openKafka(config, 'lectern-worker', logger);
    lifecycle.onStop('log', () => log.close());
    const state = openRedis(config, config.LECTERN_NAMESPACE, logger);
    lifecycle.onStop('state', () => state.close());
    const worker = createWorker({
      log,
      state,
      modules: installation.modules,
      namespace: config.LECTERN_NAMESPACE,
      checkpointMs: config.LECTERN_CHECKPOINT_MS,
      cacheBytes: config.LECTERN_CACHE_BYTES,
      logger,
      registry,
      failed: lifecycle.fail,
    });
    const dependencies = [
      { name: 'log', check: () => log.check() },
      { name: 'state', check: () => state.check() },
    ];
    const serving = await serve({
      config,
      logger,
      lifecycle,
      registry,
      dependencies,
      notReady: worker.notReady,
    });
    await serving.dependenciesUp();
    if (lifecycle.stopping.aborted) return;
    await log.ensureTopics(installation.topics);
    lifecycle.onStop('worker', () => worker.stop());
    await worker.run();
    serving.started();
  },
});
