import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { createS3Archive } from '../../services/shared/archive/s3.ts';
import { createKafkaLog } from '../../services/shared/log/kafka.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { StateStore } from '../../services/shared/state/port.ts';
import { createRedisState } from '../../services/shared/state/redis.ts';
import { eventsTopic, rekeyTopic } from '../../services/shared/topics.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { uniqueName } from '../support/unique-name.ts';
import type { Stage } from './fault.ts';
import { type OwnRedis, startOwnRedis } from './own-redis.ts';

export const SOURCE = 'test.faults';
export const MODULE = 'faults.v1';
/** Beside the module that events go wrong in, one that nothing ever goes wrong in. */
export const HEALTHY = 'healthy.v1';
/** And one whose states students share: it gets the events through a topic of its own, under other keys. */
export const SHARED = 'shared.v1';
export const MODULES = [MODULE, HEALTHY, SHARED] as const;
const MODULE_FOLDERS = ['fault-module', 'healthy-module', 'shared-module'].map(
  (folder) => `./test/support/${folder}`,
);

/** What one play of a fault has for itself: a namespace, a bucket, a Redis, and programs of the built product. */
export interface House {
  readonly namespace: string;
  readonly topic: string;
  readonly rekeyTopic: string;
  /** What the programs are given, but for what is their own. */
  readonly variables: Readonly<Record<string, string>>;
  /** Of each topic. */
  readonly partitions: number;
  readonly brokers: readonly string[];
  readonly redis: OwnRedis;
  readonly log: EventLog;
  readonly state: StateStore;
  readonly archive: ArchiveStore;
  /** A gateway that runs and is ready. */
  gateway(variables?: Readonly<Record<string, string>>): Promise<RestartableProgram>;
  /** A worker that runs and is ready; with the first one an archiver is started. */
  worker(variables?: Readonly<Record<string, string>>): Promise<RestartableProgram>;
  /** One more archiver, ready. */
  archiver(): Promise<RestartableProgram>;
  /** The programs that were made, for what they said. */
  readonly programs: readonly RestartableProgram[];
}

export interface HouseOptions {
  readonly partitions?: number;
  /** For all programs. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Opens a house for as long as `play` runs. */
export async function withHouse<T>(
  { run, addresses }: Stage,
  { partitions = 4, variables = {} }: HouseOptions,
  play: (house: House) => Promise<T>,
): Promise<T> {
  const { brokers, s3 } = addresses;
  const namespace = uniqueName('fault');
  const redis = await startOwnRedis(run);
  const logger = createLogger({ service: 'test', level: 'silent' });
  const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey };
  const place = { endpoint: s3.endpoint, region: 'us-east-1' };
  const client = new S3Client({ ...place, forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: namespace }));
  client.destroy();
  const log = createKafkaLog({ brokers, clientId: namespace, logger });
  const state = createRedisState({ url: redis.url, namespace, logger });
  const archive = createS3Archive({ ...place, bucket: namespace, ...credentials });
  const common = {
    LECTERN_NAMESPACE: namespace,
    LECTERN_PARTITIONS: String(partitions),
    LECTERN_MODULES: MODULE_FOLDERS.join(','),
    LECTERN_LOG_LEVEL: 'warn',
    LECTERN_KAFKA_BROKERS: brokers.join(','),
    LECTERN_KAFKA_SESSION_TIMEOUT_MS: '6000',
    LECTERN_REDIS_URL: redis.url,
    LECTERN_S3_ENDPOINT: s3.endpoint,
    LECTERN_S3_BUCKET: namespace,
    LECTERN_S3_ACCESS_KEY_ID: s3.accessKeyId,
    LECTERN_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    LECTERN_ARCHIVE_MAX_AGE_MS: '1000',
    // Large enough for nothing: states are read back and put away all the time.
    LECTERN_CACHE_BYTES: '1048576',
    LECTERN_MAX_STATE_BYTES: '65536',
    LECTERN_WATCHDOG_MS: '5000',
    ...variables,
  };
  const programs: RestartableProgram[] = [];
  let isArchiving = false;
  const start = async (service: string, more: Readonly<Record<string, string>>) => {
    const program = await createProgram(`dist/services/${service}/main.js`, { ...common, ...more });
    programs.push(program);
    await program.start();
    await program.ready();
    return program;
  };
  try {
    return await play({
      namespace,
      topic: eventsTopic(namespace, SOURCE),
      rekeyTopic: rekeyTopic(namespace, SHARED),
      variables: common,
      partitions,
      brokers,
      redis,
      log,
      state,
      archive,
      gateway: (more = {}) => start('gateway', more),
      async worker(more = {}) {
        const isFirst = !isArchiving;
        isArchiving = true;
        const worker = await start('worker', more);
        if (isFirst) await start('archiver', {});
        return worker;
      },
      archiver: () => start('archiver', {}),
      programs,
    });
  } finally {
    for (const program of programs) if (program.running()) await program.kill();
    await state.close();
    await log.close();
    await archive.close();
    await redis.close();
  }
}
