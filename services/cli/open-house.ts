import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createDirectoryArchive } from '../shared/archive/directory.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { systemClock } from '../shared/clock.ts';
import { kafkaShape, redisShape, s3Shape } from '../shared/cluster-shapes.ts';
import { commonShape, type Environment, parseConfig } from '../shared/config.ts';
import { createControl } from '../shared/control/control.ts';
import { openEmbedded } from '../shared/embedded.ts';
import { createErasingHistory } from '../shared/erasing/erasing-history.ts';
import { LecternError } from '../shared/errors.ts';
import { createHistory } from '../shared/history/history.ts';
import { loadInstallation } from '../shared/installation.ts';
import { createEmbeddedLog } from '../shared/log/embedded.ts';
import type { EventLog } from '../shared/log/port.ts';
import { createLogger, type Logger } from '../shared/logger.ts';
import { createEmbeddedState } from '../shared/state/embedded.ts';
import type { StateStore } from '../shared/state/port.ts';
import type { House } from './house.ts';

export interface OpenedHouse {
  readonly house: House;
  readonly close: () => Promise<void>;
}

interface Stores {
  readonly log: EventLog;
  readonly state: StateStore;
  readonly archive: ArchiveStore;
  readonly mayRun: boolean;
  readonly close: () => Promise<void>;
}

const clusterSchema = z.object({ ...commonShape, ...kafkaShape, ...redisShape, ...s3Shape });
const directoryShape = { ...commonShape, LECTERN_DATA_DIR: z.string().min(1).default('./data') };
const directorySchema = z.object(directoryShape);
const directoryOnS3Schema = z.object({ ...directoryShape, ...s3Shape });

type DirectoryConfig = z.output<typeof directorySchema> & Partial<z.output<typeof directoryOnS3Schema>>;

async function openCluster(config: z.output<typeof clusterSchema>, logger: Logger): Promise<Stores> {
  const { openKafka, openRedis, openS3 } = await import('../shared/cluster.ts');
  const log = openKafka(config, 'lectern-cli', logger);
  const state = openRedis(config, config.LECTERN_NAMESPACE, logger);
  const archive = openS3(config);
  const close = async (): Promise<void> => {
    await Promise.all([log.close(), state.close(), archive.close()]);
  };
  return { log, state, archive, mayRun: true, close };
}

async function openDirectory(config: DirectoryConfig): Promise<Stores> {
  const { LECTERN_DATA_DIR: dataDir, LECTERN_S3_ENDPOINT: endpoint } = config;
  if (!existsSync(dataDir))
    throw new LecternError(
      'CONFIG_INVALID',
      `LECTERN_DATA_DIR: there is no ${dataDir}; name the data directory, or a cluster's brokers in LECTERN_KAFKA_BROKERS`,
    );
  const env = await openEmbedded({ dataDir, lockWaitMs: 0 }).catch((cause: unknown) => {
    if (!(cause instanceof LecternError) || cause.code !== 'DATA_DIR_IN_USE') throw cause;
    throw new LecternError(
      'DATA_DIR_IN_USE',
      `the product, or another command, has the data directory ${dataDir}, which is for one process at a time, and takes no commands: try again in a while; or stop it, run this command, and start it again`,
      { cause },
    );
  });
  const log = createEmbeddedLog({ env });
  const state = createEmbeddedState({ env });
  const archive =
    endpoint === undefined
      ? createDirectoryArchive({ root: join(dataDir, 'archive') })
      : (await import('../shared/cluster.ts')).openS3(config as z.output<typeof directoryOnS3Schema>);
  const close = async (): Promise<void> => {
    await log.close();
    await state.close();
    await archive.close();
    await env.close();
  };
  return { log, state, archive, mayRun: false, close };
}

/** Logs go to stderr, and only what matters unless it is asked for: stdout is for answers. */
function loggerOf(env: Environment, level: Parameters<typeof createLogger>[0]['level']): Logger {
  return createLogger({
    service: 'cli',
    level: env.LECTERN_LOG_LEVEL ? level : 'warn',
    destination: process.stderr,
  });
}

/** Where the data directory is, and the namespace that is meant in it. */
export function directoryOf(env: Environment): { readonly dataDir: string; readonly namespace: string } {
  const config = parseConfig(directorySchema, env);
  return { dataDir: config.LECTERN_DATA_DIR, namespace: config.LECTERN_NAMESPACE };
}

/**
 * Opens what the services' variables name: the cluster whose brokers are in LECTERN_KAFKA_BROKERS, else the data
 * directory LECTERN_DATA_DIR. Throws DATA_DIR_IN_USE at once while the product runs on that.
 */
export async function openHouse(env: Environment): Promise<OpenedHouse> {
  const isCluster = Boolean(env.LECTERN_KAFKA_BROKERS || env.LECTERN_KAFKA_BROKERS_FILE);
  const common = parseConfig(z.object(commonShape), env);
  const { modules, sources } = await loadInstallation(common);
  const logger = loggerOf(env, common.LECTERN_LOG_LEVEL);
  const stores = isCluster
    ? await openCluster(parseConfig(clusterSchema, env), logger)
    : await openDirectory(parseConfig(env.LECTERN_S3_ENDPOINT ? directoryOnS3Schema : directorySchema, env));
  const { log, state, archive, mayRun } = stores;
  const namespace = common.LECTERN_NAMESPACE;
  const history = createHistory({ log, archive, namespace });
  const control = createControl({ log, history, archive, namespace, logger });
  return {
    house: {
      namespace,
      modules,
      sources,
      log,
      state,
      archive,
      history: createErasingHistory(history, control),
      control,
      clock: systemClock,
      mayRun,
    },
    async close() {
      await control.close();
      await stores.close();
    },
  };
}
