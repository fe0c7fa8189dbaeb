import { z } from 'zod';
import { systemClock } from '../shared/clock.ts';
import { openKafka, openS3 } from '../shared/cluster.ts';
import { kafkaShape, s3Shape } from '../shared/cluster-shapes.ts';
import { parseConfig } from '../shared/config.ts';
import { createControl } from '../shared/control/control.ts';
import { createHistory } from '../shared/history/history.ts';
import { loadInstallation } from '../shared/installation.ts';
import { runService } from '../shared/lifecycle.ts';
import { createRegistry, serve } from '../shared/serve.ts';
import { createArchiver } from './archiver.ts';
import { archiverShape } from './config.ts';
import { followClaims } from './follow-claims.ts';

/**
 * The archiver as a process of its own, on Kafka and S3. It guarantees what `archiver.ts` says, whose numbered steps
 * are those of a partition; any number of archivers share the partitions. Sources that are claimed while it runs it follows
 * in the control topic.
 * On SIGTERM: readiness off, what is buffered put into objects, the group left, connections closed.
 */
const schema = z.object({ ...archiverShape, ...kafkaShape, ...s3Shape });

runService({
  name: 'archiver',
  loadConfig: () => parseConfig(schema, process.env),
  async start({ config, logger, lifecycle }) {
    const installation = await loadInstallation(config);
    const registry = createRegistry();
    const log = openKafka(config, 'lectern-archiver', logger);
    lifecycle.onStop('log', () => log.close());
    const archive = openS3(config);
    lifecycle.onStop('archive', () => archive.close());
    const namespace = config.LECTERN_NAMESPACE;
    const history = createHistory({ log, archive, namespace });
    const control = createControl({ log, history, archive, namespace, logger, registry });
    lifecycle.onStop('control', () => control.close());
    const archiver = createArchiver({
      log,
      archive,
      control,
      namespace,
      topics: installation.archivedTopics,
      limits: {
        maxBytes: config.LECTERN_ARCHIVE_MAX_BYTES,
        maxAgeMs: config.LECTERN_ARCHIVE_MAX_AGE_MS,
        bufferBytes: config.LECTERN_ARCHIVE_BUFFER_BYTES,
      },
      logger,
      registry,
      failed: lifecycle.fail,
    });
    const serving = await serve({
      config,
      logger,
      lifecycle,
      registry,
      dependencies: [
        { name: 'log', check: () => log.check() },
        { name: 'archive', check: () => archive.check() },
      ],
      notReady: archiver.notReady,
      degraded: archiver.degraded,
    });
    await serving.dependenciesUp();
    if (lifecycle.stopping.aborted) return;
    await log.ensureTopics(installation.topics);
    lifecycle.onStop('archiver', () => archiver.stop());
    await archiver.run();
    lifecycle.onStop('claims', followClaims({ control, archiver, namespace, clock: systemClock, logger }));
    serving.started();
  },
});
