import { z } from 'zod';
import { kafkaShape } from '../../shared/cluster-shapes.ts';
import { commonShape, type Environment, parseConfig } from '../../shared/config.ts';
import { openEmbedded } from '../../shared/embedded.ts';
import { type Installation, loadInstallation } from '../../shared/installation.ts';
import { createEmbeddedLog } from '../../shared/log/embedded.ts';
import type { EventLog } from '../../shared/log/port.ts';
import type { Logger } from '../../shared/logger.ts';

/** Where an installation is moved to. */
export interface MoveTarget {
  readonly namespace: string;
  /** Of each topic, but those that have one. */
  readonly partitions: number;
  readonly installation: Installation;
  readonly log: EventLog;
  close(): Promise<void>;
}

const directorySchema = z.object({ LECTERN_DATA_DIR: z.string().min(1).default('./data') });

/**
 * Opens the log that the services' variables name: of the cluster in LECTERN_KAFKA_BROKERS, else of the data directory
 * LECTERN_DATA_DIR, which is made when it is not there.
 */
export async function openTarget(
  namespace: string,
  partitions: number | undefined,
  env: Environment,
  logger: Logger,
): Promise<MoveTarget> {
  const config = parseConfig(z.object(commonShape), {
    ...env,
    LECTERN_NAMESPACE: namespace,
    ...(partitions === undefined ? {} : { LECTERN_PARTITIONS: String(partitions) }),
  });
  const installation = await loadInstallation(config);
  const common = { namespace, partitions: config.LECTERN_PARTITIONS, installation };
  if (env.LECTERN_KAFKA_BROKERS || env.LECTERN_KAFKA_BROKERS_FILE) {
    const { openKafka } = await import('../../shared/cluster.ts');
    const log = openKafka(parseConfig(z.object(kafkaShape), env), 'lectern-cli', logger);
    return { ...common, log, close: () => log.close() };
  }
  const { LECTERN_DATA_DIR: dataDir } = parseConfig(directorySchema, env);
  const directory = await openEmbedded({ dataDir, lockWaitMs: 0 });
  const log = createEmbeddedLog({ env: directory });
  return {
    ...common,
    log,
    async close() {
      await log.close();
      await directory.close();
    },
  };
}
