import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { createS3Archive, type S3Settings } from '../../services/shared/archive/s3.ts';
import { createKafkaLog } from '../../services/shared/log/kafka.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { eventsTopic } from '../../services/shared/topics.ts';
import { createHttpProxy, type HttpProxy } from '../support/http-proxy.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { uniqueName } from '../support/unique-name.ts';
import { createDatedLog, type DatedLog } from './dated-log.ts';
import type { Stage } from './fault.ts';
import { SOURCE } from './house.ts';

/** What a fault of archivers alone has for itself: a namespace, a bucket, and an S3 that a proxy stands before. */
export interface ArchiverHouse {
  readonly namespace: string;
  readonly topic: string;
  readonly partitions: number;
  readonly log: EventLog;
  /** Appends to the topic at the time that the test says, as a broker whose clock shows it. */
  readonly dated: DatedLog;
  /** The bucket itself, past the proxy. */
  readonly archive: ArchiveStore;
  /** The bucket as the archivers see it. */
  readonly s3: S3Settings;
  readonly proxy: HttpProxy;
  /** The built archiver, not started. */
  archiver(variables?: Readonly<Record<string, string>>): Promise<RestartableProgram>;
  /** Called when the house closes, however the play ended. */
  onClose(close: () => Promise<void>): void;
}

export interface ArchiverHouseOptions {
  readonly partitions?: number;
}

/** The least that may be set: objects of some hundred events. */
export const MAX_BYTES = 65_536;

async function makeBucket(settings: S3Settings): Promise<void> {
  const client = new S3Client({ ...settings, forcePathStyle: true, credentials: settings });
  await client.send(new CreateBucketCommand({ Bucket: settings.bucket }));
  client.destroy();
}

/** Opens a house for as long as `play` runs. */
export async function withArchiverHouse<T>(
  { addresses }: Stage,
  { partitions = 2 }: ArchiverHouseOptions,
  play: (house: ArchiverHouse) => Promise<T>,
): Promise<T> {
  const { brokers, s3: server } = addresses;
  const namespace = uniqueName('arch');
  const topic = eventsTopic(namespace, SOURCE);
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const direct = { endpoint, accessKeyId, secretAccessKey, region: 'us-east-1', bucket: namespace };
  await makeBucket(direct);
  const proxy = await createHttpProxy(endpoint);
  const logger = createLogger({ service: 'test', level: 'silent' });
  const log = createKafkaLog({ brokers, clientId: namespace, logger });
  const dated = await createDatedLog(brokers, { name: topic, partitions });
  const archive = createS3Archive(direct);
  const programs: RestartableProgram[] = [];
  const closers: (() => Promise<void>)[] = [];
  try {
    return await play({
      namespace,
      topic,
      partitions,
      log,
      dated,
      archive,
      s3: { ...direct, endpoint: proxy.url },
      proxy,
      async archiver(variables = {}) {
        const program = await createProgram('dist/services/archiver/main.js', {
          LECTERN_NAMESPACE: namespace,
          LECTERN_PARTITIONS: String(partitions),
          LECTERN_SOURCES: SOURCE,
          LECTERN_LOG_LEVEL: 'warn',
          LECTERN_KAFKA_BROKERS: brokers.join(','),
          LECTERN_KAFKA_SESSION_TIMEOUT_MS: '6000',
          LECTERN_S3_ENDPOINT: proxy.url,
          LECTERN_S3_BUCKET: namespace,
          LECTERN_S3_ACCESS_KEY_ID: accessKeyId,
          LECTERN_S3_SECRET_ACCESS_KEY: secretAccessKey,
          LECTERN_ARCHIVE_MAX_AGE_MS: '1000',
          LECTERN_ARCHIVE_MAX_BYTES: String(MAX_BYTES),
          ...variables,
        });
        programs.push(program);
        return program;
      },
      onClose: (close) => void closers.push(close),
    });
  } catch (cause) {
    const said = programs.map((program) => program.lines().slice(-15).join('\n'));
    throw new Error(`${(cause as Error).message}; the archivers said:\n${said.join('\n---\n')}`, { cause });
  } finally {
    for (const program of programs) if (program.running()) await program.kill();
    for (const close of closers) await close();
    await proxy.close();
    await dated.close();
    await log.close();
    await archive.close();
  }
}
