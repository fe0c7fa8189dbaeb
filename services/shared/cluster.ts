import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ArchiveStore } from './archive/port.ts';
import { createS3Archive } from './archive/s3.ts';
import { flag, integer, list } from './config.ts';
import { createKafkaLog } from './log/kafka.ts';
import type { EventLog } from './log/port.ts';
import type { Logger } from './logger.ts';
import type { StateStore } from './state/port.ts';
import { createRedisState } from './state/redis.ts';

/** The adapters of a cluster, Kafka, Redis and S3, and the variables that name them. */

export const kafkaShape = {
  LECTERN_KAFKA_BROKERS: list.refine(
    (brokers) => brokers.length > 0,
    'must name a broker, as host:port,host:port',
  ),
  LECTERN_KAFKA_TLS: flag.default(false),
  LECTERN_KAFKA_TLS_CA: z.string().optional(),
  LECTERN_KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  LECTERN_KAFKA_SASL_USERNAME: z.string().default(''),
  LECTERN_KAFKA_SASL_PASSWORD: z.string().default(''),
  LECTERN_KAFKA_SESSION_TIMEOUT_MS: integer(6_000, 300_000).default(30_000),
  LECTERN_KAFKA_REPLICATION: integer(1, 10).optional(),
  LECTERN_KAFKA_COMPRESSION: z.enum(['none', 'gzip']).default('none'),
};

export const redisShape = {
  LECTERN_REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\/\S+$/, 'must be a URL as redis://host:port, or rediss:// for TLS'),
};

export const s3Shape = {
  LECTERN_S3_ENDPOINT: z.url('must be a URL as http://host:port'),
  LECTERN_S3_REGION: z.string().default('us-east-1'),
  LECTERN_S3_BUCKET: z.string().min(3, 'must be the name of a bucket, 3 characters or more'),
  LECTERN_S3_ACCESS_KEY_ID: z.string().min(1),
  LECTERN_S3_SECRET_ACCESS_KEY: z.string().min(1),
};

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

export function openS3(config: Config<typeof s3Shape>): ArchiveStore {
  return createS3Archive({
    endpoint: config.LECTERN_S3_ENDPOINT,
    region: config.LECTERN_S3_REGION,
    bucket: config.LECTERN_S3_BUCKET,
    accessKeyId: config.LECTERN_S3_ACCESS_KEY_ID,
    secretAccessKey: config.LECTERN_S3_SECRET_ACCESS_KEY,
  });
}
