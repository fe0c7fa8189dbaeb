import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createArchiver } from '../archiver/archiver.ts';
import { followClaims } from '../archiver/follow-claims.ts';
import { createGateway } from '../gateway/gateway.ts';
import { openAccess } from '../gateway/open-access.ts';
import { openRoster } from '../gateway/open-roster.ts';
import { settingsOf } from '../gateway/settings.ts';
import { createQuery } from '../query/query.ts';
import { createDirectoryArchive } from '../shared/archive/directory.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { blobPlaces } from '../shared/blobs.ts';
import { type LearningClass, loadClasses } from '../shared/classes.ts';
import { systemClock } from '../shared/clock.ts';
import { createControl } from '../shared/control/control.ts';
import { openEmbedded } from '../shared/embedded.ts';
import { unfinishedRestore } from '../shared/embedded-restoring.ts';
import { createErasingHistory } from '../shared/erasing/erasing-history.ts';
import { LecternError } from '../shared/errors.ts';
import { createHistory } from '../shared/history/history.ts';
import { loadInstallation } from '../shared/installation.ts';
import type { Lifecycle } from '../shared/lifecycle.ts';
import { createEmbeddedLog } from '../shared/log/embedded.ts';
import type { Logger } from '../shared/logger.ts';
import { createRegistry, serve } from '../shared/serve.ts';
import { createEmbeddedState } from '../shared/state/embedded.ts';
import { takeUpgrades } from '../shared/take-upgrades.ts';
import { warnOfWaiting } from '../shared/unclaimed/warn-waiting.ts';
import { workerLimits } from '../worker/config.ts';
import { createStrays } from '../worker/strays.ts';
import { createTakeovers } from '../worker/takeovers.ts';
import { createWatchdog } from '../worker/watchdog.ts';
import { createWorker } from '../worker/worker.ts';
import type { StandaloneConfig } from './config.ts';
import { takeCommands } from './take-commands.ts';
import { createTrimming } from './trimming.ts';

const READY_DEADLINE_MS = 10_000;

export interface ProductOptions {
  readonly config: StandaloneConfig;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  /** Instead of those of LECTERN_CLASSES_FILE. */
  readonly classes?: readonly LearningClass[];
}

export interface Product {
  readonly url: string;
  /** Resolves when everything accepts work, or after a while, to what does not, and to what of it stands still. */
  ready(): Promise<{ readonly notReady: readonly string[]; readonly degraded: readonly string[] }>;
}

async function openArchive(config: StandaloneConfig): Promise<ArchiveStore> {
  const { LECTERN_S3_ENDPOINT, LECTERN_S3_BUCKET } = config;
  if (LECTERN_S3_ENDPOINT === undefined || LECTERN_S3_BUCKET === undefined)
    return createDirectoryArchive({ root: join(config.LECTERN_DATA_DIR, 'archive') });
  const { openS3 } = await import('../shared/cluster.ts');
  return openS3(config as Parameters<typeof openS3>[0]);
}

function classesOf({ classes, config }: ProductOptions): readonly LearningClass[] {
  if (classes !== undefined) return classes;
  return config.LECTERN_CLASSES_FILE === undefined ? [] : loadClasses(config.LECTERN_CLASSES_FILE);
}

/** Puts all services together on the embedded adapters, behind one port. Shutdown runs against the events' way. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const { config, logger, lifecycle } = options;
  const namespace = config.LECTERN_NAMESPACE;
  const installation = await loadInstallation(config);
  const classes = classesOf(options);
  const registry = createRegistry();
  const common = { namespace, logger, registry };

  const unfinished = unfinishedRestore(config.LECTERN_DATA_DIR);
  if (unfinished !== null) throw new LecternError('CONFIG_INVALID', unfinished);
  const env = await openEmbedded({ dataDir: config.LECTERN_DATA_DIR });
  lifecycle.onStop('environment', () => env.close());
  const log = createEmbeddedLog({ env });
  lifecycle.onStop('log', () => log.close());
  const state = createEmbeddedState({ env });
  const archive = await openArchive(config);
  lifecycle.onStop('archive', () => archive.close());
  await log.ensureTopics(installation.topics);

  const history = createHistory({ log, archive, namespace });
  const control = createControl({ ...common, log, history, archive });
  lifecycle.onStop('control', () => control.close());
  const access = openAccess(config, { control, logger, registry, lifecycle });
  access.start();
  const { modules, sources } = installation;
  const house = {
    namespace,
    modules,
    sources,
    log,
    state,
    archive,
    history: createErasingHistory(history, control),
    control,
    clock: systemClock,
    mayRun: true,
  };
  await takeCommands(house, env.dataDir, { logger, lifecycle });
  const places = blobPlaces(namespace, modules, control);
  const gateway = createGateway({
    ...common,
    ...settingsOf(config, installation),
    roster: await openRoster(config, { logger, lifecycle }),
    access,
    claims: control.claims,
    producer: await log.createProducer(),
    blobs: places === null ? undefined : { log, state, places },
  });
  const watchdog = createWatchdog({ ms: config.LECTERN_WATCHDOG_MS, modules: installation.modules });
  lifecycle.onStop('watchdog', () => watchdog.stop());
  const strays = createStrays(common);
  lifecycle.onStray(strays.take);
  const worker = createWorker({
    ...common,
    log,
    history,
    state,
    control,
    modules: installation.modules,
    limits: workerLimits(config),
    watchdog,
    strays,
    clock: systemClock,
    failed: lifecycle.fail,
  });
  const archiver = createArchiver({
    ...common,
    log,
    archive,
    control,
    topics: installation.archivedTopics,
    limits: {
      maxBytes: config.LECTERN_ARCHIVE_MAX_BYTES,
      maxAgeMs: config.LECTERN_ARCHIVE_MAX_AGE_MS,
      bufferBytes: config.LECTERN_ARCHIVE_BUFFER_BYTES,
    },
    failed: lifecycle.fail,
  });
  const query = createQuery({
    ...common,
    state,
    log,
    control,
    modules: installation.modules,
    classes,
    webDir: new URL('../query/web/', import.meta.url),
    now: Date.now,
  });

  const takeovers = createTakeovers({ ...common, log, state, control, modules, clock: systemClock });
  const parts = [gateway, worker, archiver, query];
  const degraded = () => [worker, archiver, query].flatMap((part) => part.degraded());
  const serving = await serve({
    config,
    logger,
    lifecycle,
    registry,
    dependencies: [
      { name: 'state', check: () => state.check() },
      { name: 'archive', check: () => archive.check() },
    ],
    routers: [gateway.router, query.router],
    notReady: () => parts.flatMap((part) => part.notReady()),
    degraded,
  });
  takeUpgrades(serving.server, gateway.handleUpgrade);
  lifecycle.onStop('query', () => query.stop());
  lifecycle.onStop('archiver', () => archiver.stop());
  lifecycle.onStop('worker', () => worker.stop());
  lifecycle.onStop('takeovers', () => takeovers.stop());
  lifecycle.onStop('gateway', () => gateway.stop());
  const trimming = createTrimming({
    ...common,
    log,
    archive,
    state,
    installation,
    retentionMs: config.LECTERN_RETENTION_MS,
    clock: systemClock,
  });
  lifecycle.onStop('trimming', () => trimming.stop());
  await Promise.all([worker.run(), archiver.run()]);
  takeovers.start();
  trimming.start();
  lifecycle.onStop('claims', followClaims({ ...common, control, archiver, clock: systemClock }));
  serving.started();
  void warnOfWaiting({ log, control, namespace, sources, logger });
  return {
    url: serving.url,
    async ready() {
      const deadline = Date.now() + READY_DEADLINE_MS;
      const waits = (): boolean => serving.notReady().length > 0 && Date.now() < deadline;
      while (waits() && !lifecycle.stopping.aborted) await sleep(20);
      return { notReady: serving.notReady(), degraded: degraded() };
    },
  };
}
