import { z } from 'zod';
import { flag, integer, list } from './config.ts';

/** The variables that name a cluster's servers, apart from `cluster.ts`: who only reads them loads no client. */

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
