import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { StackAddresses } from '../../deploy/local/stack.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { createS3Archive } from '../../services/shared/archive/s3.ts';
import { createKafkaLog } from '../../services/shared/log/kafka.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { createProgram, type RestartableProgram } from './product.ts';

export const SERVICES = ['gateway', 'worker', 'archiver', 'query'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface Cluster {
  readonly programs: Readonly<Record<ServiceName, RestartableProgram>>;
  /** The same Kafka and S3, for looking at what the services left there. */
  readonly log: EventLog;
  readonly archive: ArchiveStore;
  startAll(): Promise<void>;
  stopAll(): Promise<void>;
}

/** Our four services as processes on a real stack, in a namespace and a bucket of their own. */
export async function createCluster(
  name: string,
  { brokers, redisUrl, s3 }: StackAddresses,
  env: Readonly<Record<string, string>> = {},
): Promise<Cluster> {
  const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey };
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
  });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  client.destroy();
  const variables = {
    LECTERN_NAMESPACE: name,
    LECTERN_KAFKA_BROKERS: brokers.join(','),
    LECTERN_KAFKA_SESSION_TIMEOUT_MS: '6000',
    LECTERN_WATCHDOG_MS: '5000',
    LECTERN_REDIS_URL: redisUrl,
    LECTERN_S3_ENDPOINT: s3.endpoint,
    LECTERN_S3_BUCKET: name,
    LECTERN_S3_ACCESS_KEY_ID: s3.accessKeyId,
    LECTERN_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    ...env,
  };
  const entries = await Promise.all(
    SERVICES.map(
      async (service) =>
        [service, await createProgram(`dist/services/${service}/main.js`, variables)] as const,
    ),
  );
  const programs = Object.fromEntries(entries) as Record<ServiceName, RestartableProgram>;
  const all = Object.values(programs);
  const log = createKafkaLog({
    brokers,
    clientId: name,
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  const archive = createS3Archive({
    endpoint: s3.endpoint,
    region: 'us-east-1',
    bucket: name,
    ...credentials,
  });
  return {
    programs,
    log,
    archive,
    async startAll() {
      await Promise.all(all.map((program) => program.start()));
      await Promise.all(all.map((program) => program.ready()));
    },
    async stopAll() {
      await Promise.all(all.map((program) => program.stop()));
      await log.close();
      await archive.close();
    },
  };
}
