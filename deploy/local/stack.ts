import type { Log } from './install.ts';
import { startKafka } from './kafka.ts';
import { startRedis } from './redis.ts';
import type { Run } from './run.ts';
import { type S3Address, startS3 } from './s3.ts';
import type { Service } from './service.ts';

/** Where the servers are. */
export interface StackAddresses {
  readonly brokers: readonly string[];
  readonly redisUrl: string;
  readonly s3: S3Address;
}

export interface Stack {
  readonly addresses: StackAddresses;
  readonly services: Readonly<Record<'kafka' | 'redis' | 's3', Service>>;
  /** Kills the servers: their data is thrown away with the run. */
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly run: Run;
  readonly log?: Log;
  /** Called when a server ends without having been asked to. */
  readonly lost?: (detail: string) => void;
  /** Whether Kafka is compiled to be fast rather than to be up soon: for measuring. */
  readonly optimized?: boolean;
}

/**
 * Real Kafka, Redis and S3 on free loopback ports, downloaded when they are not in the cache. Rejects with every
 * server that cannot be started, why, and the remedy; the others are stopped then.
 */
export async function startStack({
  run,
  log = () => {},
  lost = log,
  optimized = false,
}: StackOptions): Promise<Stack> {
  const options = { run, log, lost };
  const starting = [startKafka({ ...options, optimized }), startRedis(options), startS3(options)] as const;
  const outcomes = await Promise.allSettled(starting);
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as Error] : [],
  );
  if (failures.length > 0) {
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') await outcome.value.service.kill();
    throw new Error(failures.map(({ message }) => message).join('\n'), { cause: failures[0] });
  }
  const [kafka, redis, s3] = await Promise.all(starting);
  return {
    addresses: { brokers: kafka.brokers, redisUrl: redis.redisUrl, s3: s3.s3 },
    services: { kafka: kafka.service, redis: redis.service, s3: s3.service },
    async stop() {
      await Promise.all([kafka, redis, s3].map(({ service }) => service.kill()));
    },
  };
}

/** The variables that point services at the stack. */
export function stackVariables({ brokers, redisUrl, s3 }: StackAddresses): Readonly<Record<string, string>> {
  return {
    LECTERN_KAFKA_BROKERS: brokers.join(','),
    LECTERN_REDIS_URL: redisUrl,
    LECTERN_S3_ENDPOINT: s3.endpoint,
    LECTERN_S3_BUCKET: s3.bucket,
    LECTERN_S3_ACCESS_KEY_ID: s3.accessKeyId,
    LECTERN_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
}
