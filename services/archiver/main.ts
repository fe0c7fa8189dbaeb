import { z } from 'zod';
import { openKafka, openS3 } from '../shared/cluster.ts';
import { kafkaShape, s3Shape } from '../shared/cluster-shapes.ts';
import { parseConfig } from '../shared/config.ts';
import { loadInstallation } from '../shared/installation.ts';
import { runService } from '../shared/lifecycle.ts';
import { createRegistry, serve } from '../shared/serve.ts';
import { createArchiver } from './archiver.ts';
import { archiverShape } from './config.ts';

/**
 * The archiver as a process of its own, on Kafka and S3. It guarantees what `archiver.ts` says, whose numbered steps
 * are those of a partition; any number of archivers share the partitions.
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
    const archiver = createArchiver({
      log,
      archive,
      namespace: config.LECTERN_NAMESPACE,
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
    serving.started();
  },
});
