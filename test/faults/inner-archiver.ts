import { Registry } from 'prom-client';
import { type Archiver, type ArchiverLimits, createArchiver } from '../../services/archiver/archiver.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { createS3Archive } from '../../services/shared/archive/s3.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { nothingErased } from '../support/nothing-erased.ts';
import { type ArchiverHouse, MAX_BYTES } from './archiver-house.ts';

export interface InnerArchiverOptions {
  /** Instead of the one that all archivers of a namespace are in: then it believes to own everything. */
  readonly group?: string;
  readonly limits?: Partial<ArchiverLimits>;
}

export interface InnerArchiver extends Pick<Archiver, 'notReady'> {
  stop(): Promise<void>;
}

/** An archiver within this process, on the house's real Kafka and S3. */
export async function startInnerArchiver(
  house: ArchiverHouse,
  { group, limits = {} }: InnerArchiverOptions = {},
): Promise<InnerArchiver> {
  const archive: ArchiveStore = createS3Archive(house.s3);
  const { createConsumer } = house.log;
  const archiver = createArchiver({
    log: {
      ...house.log,
      createConsumer: (options) => createConsumer({ ...options, ...(group && { groupId: group }) }),
    },
    archive,
    control: nothingErased,
    namespace: house.namespace,
    topics: [house.topic],
    limits: { maxBytes: MAX_BYTES, maxAgeMs: 300, bufferBytes: 16 * MAX_BYTES, ...limits },
    logger: createLogger({ service: 'test', level: 'silent' }),
    registry: new Registry(),
    failed: (error) => {
      throw error;
    },
  });
  let stopped: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopped ??= archiver.stop().then(archive.close);
    return stopped;
  };
  house.onClose(stop);
  await archiver.run();
  return { notReady: archiver.notReady, stop };
}
