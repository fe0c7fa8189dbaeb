import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { createDirectoryArchive } from '../../shared/archive/directory.ts';
import { archivedSources } from '../../shared/archive/inventory.ts';
import type { ArchiveStore } from '../../shared/archive/port.ts';
import { kafkaShape, s3Shape } from '../../shared/cluster-shapes.ts';
import { commonShape, type Environment, parseConfig } from '../../shared/config.ts';
import { openEmbedded } from '../../shared/embedded.ts';
import { createErasingHistory } from '../../shared/erasing/erasing-history.ts';
import { LecternError, messageOf } from '../../shared/errors.ts';
import { createLogOrArchive } from '../../shared/history/archive-ends.ts';
import { createHistory } from '../../shared/history/history.ts';
import type { History } from '../../shared/history/port.ts';
import { loadInstallation } from '../../shared/installation.ts';
import { createEmbeddedLog } from '../../shared/log/embedded.ts';
import type { EventLog } from '../../shared/log/port.ts';
import type { Logger } from '../../shared/logger.ts';
import { BLOBS, UNCLAIMED } from '../../shared/topics.ts';
import { readErasures } from './erasures.ts';

/** Which installation is moved: by a folder of its, or by a file of its variables. */
export interface SourceChoice {
  /** A data directory, or a copy of its archive, or of a bucket. */
  readonly dir?: string | undefined;
  /** A file of lines NAME=value. */
  readonly envFile?: string | undefined;
  readonly namespace?: string | undefined;
  /** The log is not looked at: it is in use, or gone. */
  readonly archiveOnly: boolean;
}

/** The history of the installation that is moved. */
export interface MoveSource {
  readonly namespace: string;
  /** All that may have a topic of events. */
  readonly sources: readonly string[];
  readonly log: Pick<EventLog, 'offsets' | 'read'>;
  readonly history: History;
  close(): Promise<void>;
}

type Log = Pick<EventLog, 'partitionCount' | 'offsets' | 'read' | 'close'>;

interface Opened {
  readonly log: Log | null;
  readonly archive: ArchiveStore;
}

const CONFIG = 'CONFIG_INVALID';

async function openDirectoryLog(dataDir: string): Promise<Log> {
  const env = await openEmbedded({ dataDir, lockWaitMs: 0 }).catch((cause: unknown) => {
    if (!(cause instanceof LecternError) || cause.code !== 'DATA_DIR_IN_USE') throw cause;
    throw new LecternError(
      'DATA_DIR_IN_USE',
      `the product runs on ${dataDir}: copy what it has archived with --archive-only while it runs; then stop it, and copy the rest without`,
      { cause },
    );
  });
  const log = createEmbeddedLog({ env });
  const close = async (): Promise<void> => {
    await log.close();
    await env.close();
  };
  return { ...log, close };
}

/** A data directory has its log in lectern.mdb, and its archive in archive/; a copied archive has events/. */
async function openDirectory(dir: string, archiveOnly: boolean): Promise<Opened> {
  const root = existsSync(join(dir, 'events')) ? dir : join(dir, 'archive');
  const hasLog = existsSync(join(dir, 'lectern.mdb'));
  if (!hasLog && !existsSync(root))
    throw new LecternError(
      CONFIG,
      `--source-dir: ${dir} is neither a data directory, which has lectern.mdb and archive/, nor an archive, which has events/`,
    );
  const log = hasLog && !archiveOnly ? await openDirectoryLog(dir) : null;
  return { log, archive: createDirectoryArchive({ root }) };
}

function readEnv(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new LecternError(CONFIG, `--source-env: ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function openByEnv(env: Environment, archiveOnly: boolean, logger: Logger): Promise<Opened> {
  const isCluster = Boolean(env.LECTERN_KAFKA_BROKERS || env.LECTERN_KAFKA_BROKERS_FILE);
  const onS3 = Boolean(env.LECTERN_S3_ENDPOINT);
  const dataDir = env.LECTERN_DATA_DIR;
  if (!isCluster && !onS3 && !dataDir)
    throw new LecternError(
      CONFIG,
      '--source-env: the file names no installation: it needs LECTERN_KAFKA_BROKERS and LECTERN_S3_ENDPOINT, or LECTERN_DATA_DIR, or LECTERN_S3_ENDPOINT for an archive alone',
    );
  if (!isCluster && !onS3) return openDirectory(dataDir!, archiveOnly);
  const { openKafka, openS3 } = await import('../../shared/cluster.ts');
  const archive = openS3(parseConfig(z.object(s3Shape), env));
  if (archiveOnly || (!isCluster && !dataDir)) return { log: null, archive };
  const log = isCluster
    ? openKafka(parseConfig(z.object(kafkaShape), env), 'lectern-cli', logger)
    : await openDirectoryLog(dataDir!);
  return { log, archive };
}

/**
 * Opens the installation that is moved. Its sources are those that are archived, and those of its modules and its
 * LECTERN_SOURCES: of the file where one is given, else of `env`.
 */
export async function openSource(
  choice: SourceChoice,
  env: Environment,
  logger: Logger,
): Promise<MoveSource> {
  const { dir, envFile, archiveOnly } = choice;
  if ((dir === undefined) === (envFile === undefined))
    throw new LecternError(CONFIG, 'say what is moved: --source-dir <folder>, or --source-env <file>');
  const own = envFile === undefined ? env : readEnv(envFile);
  const named = choice.namespace ?? (envFile === undefined ? 'lectern' : own.LECTERN_NAMESPACE);
  const config = parseConfig(z.object(commonShape), { ...own, LECTERN_NAMESPACE: named });
  const namespace = config.LECTERN_NAMESPACE;
  const installation = await loadInstallation(config);
  const { log, archive } =
    dir === undefined ? await openByEnv(own, archiveOnly, logger) : await openDirectory(dir, archiveOnly);
  const either = createLogOrArchive({ archive, namespace, log });
  const history = createHistory({ log: either, archive, namespace });
  const erasing = createErasingHistory(history, readErasures(history, either, namespace));
  const archived = await archivedSources(archive);
  const events = archived.filter((source) => !/^_(control$|rekey\.)/.test(source));
  return {
    namespace,
    sources: [...new Set([...installation.sources, BLOBS, UNCLAIMED, ...events])].sort(),
    log: either,
    history: {
      ...erasing,
      // An archive alone contradicts nothing, however much is put into it meanwhile.
      conflict: async (at) => ((await log?.partitionCount(at.topic)) == null ? null : history.conflict(at)),
    },
    async close() {
      await log?.close();
      await archive.close();
    },
  };
}
