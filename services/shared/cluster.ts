import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { ArchiveStore } from './archive/port.ts';
import { createS3Archive, type S3Settings } from './archive/s3.ts';
import type { kafkaShape, redisShape, s3Shape } from './cluster-shapes.ts';
import { createKafkaLog } from './log/kafka.ts';
import type { EventLog } from './log/port.ts';
import type { Logger } from './logger.ts';
import type { StateStore } from './state/port.ts';
import { createRedisState } from './state/redis.ts';

/**
 * The adapters of a cluster: Kafka, Redis and S3. Their clients are half of what a process loads, so those that can do
 * without import this only when it is wanted.
 */

type Config<Shape extends z.ZodRawShape> = Readonly<z.output<z.ZodObject<Shape>>>;

export function openKafka(config: Config<typeof kafkaShape>, clientId: string, logger: Logger): EventLog {
  const { LECTERN_KAFKA_SASL_MECHANISM: mechanism, LECTERN_KAFKA_TLS_CA: ca } = config;
  const username = config.LECTERN_KAFKA_SASL_USERNAME;
  const password = config.LECTERN_KAFKA_SASL_PASSWORD;
  const replication = config.LECTERN_KAFKA_REPLICATION;
  return createKafkaLog({
    brokers: config.LECTERN_KAFKA_BROKERS,
    clientId,
    logger,
    tls: config.LECTERN_KAFKA_TLS
      ? { ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }) }
      : undefined,
    sasl: mechanism === undefined ? undefined : ({ mechanism, username, password } as never),
    sessionTimeoutMs: config.LECTERN_KAFKA_SESSION_TIMEOUT_MS,
    ...(replication === undefined ? {} : { replication }),
    gzip: config.LECTERN_KAFKA_COMPRESSION === 'gzip',
  });
}

export function openRedis(config: Config<typeof redisShape>, namespace: string, logger: Logger): StateStore {
  return createRedisState({ url: config.LECTERN_REDIS_URL, namespace, logger });
}

export function s3Settings(config: Config<typeof s3Shape>): S3Settings {
  return {
    endpoint: config.LECTERN_S3_ENDPOINT,
    region: config.LECTERN_S3_REGION,
    bucket: config.LECTERN_S3_BUCKET,
    accessKeyId: config.LECTERN_S3_ACCESS_KEY_ID,
    secretAccessKey: config.LECTERN_S3_SECRET_ACCESS_KEY,
  };
}

export function openS3(config: Config<typeof s3Shape>): ArchiveStore {
  return createS3Archive(s3Settings(config));
}
