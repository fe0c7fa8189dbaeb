import { z } from 'zod';
import { systemClock } from '../shared/clock.ts';
import { openKafka, openRedis, openS3 } from '../shared/cluster.ts';
import { kafkaShape, redisShape, s3Shape } from '../shared/cluster-shapes.ts';
import { parseConfig } from '../shared/config.ts';
import { createControl } from '../shared/control/control.ts';
import { createHistory } from '../shared/history/history.ts';
import { loadInstallation } from '../shared/installation.ts';
import { runService } from '../shared/lifecycle.ts';
import { createRegistry, serve } from '../shared/serve.ts';
import { warnOfWaiting } from '../shared/unclaimed/warn-waiting.ts';
import { checkGroupTimes, workerLimits, workerShape } from './config.ts';
import { createStrays } from './strays.ts';
import { createTakeovers } from './takeovers.ts';
import { createWatchdog } from './watchdog.ts';
import { createWorker } from './worker.ts';

/**
 * The worker as a process of its own, on Kafka, Redis and S3. It guarantees what `worker.ts` says, whose numbered steps are
 * those of a unit; any number of workers share the partitions of each module's group.
 * On SIGTERM: readiness off, units checkpointed, groups left, connections closed.
 */
const schema = z
  .object({ ...workerShape, ...kafkaShape, ...redisShape, ...s3Shape })
  .superRefine(checkGroupTimes);

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
    const archive = openS3(config);
    lifecycle.onStop('archive', () => archive.close());
    const namespace = config.LECTERN_NAMESPACE;
    const history = createHistory({ log, archive, namespace });
    const control = createControl({ log, history, archive, namespace, logger, registry });
    lifecycle.onStop('control', () => control.close());
    const watchdog = createWatchdog({
      ms: config.LECTERN_WATCHDOG_MS,
      modules: installation.modules,
      lastWords: { redisUrl: config.LECTERN_REDIS_URL, namespace: config.LECTERN_NAMESPACE },
    });
    lifecycle.onStop('watchdog', () => watchdog.stop());
    const strays = createStrays({ logger, registry });
    lifecycle.onStray(strays.take);
    const worker = createWorker({
      log,
      history,
      state,
      control,
      modules: installation.modules,
      namespace,
      limits: workerLimits(config),
      watchdog,
      strays,
      clock: systemClock,
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
      degraded: worker.degraded,
    });
    await serving.dependenciesUp();
    if (lifecycle.stopping.aborted) return;
    await log.ensureTopics(installation.topics);
    lifecycle.onStop('worker', () => worker.stop());
    await worker.run();
    const { modules } = installation;
    const takeovers = createTakeovers({
      log,
      state,
      control,
      modules,
      namespace,
      clock: systemClock,
      logger,
    });
    lifecycle.onStop('takeovers', () => takeovers.stop());
    takeovers.start();
    serving.started();
    void warnOfWaiting({ log, control, namespace, sources: installation.sources, logger });
  },
});
