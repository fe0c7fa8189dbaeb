import { z } from 'zod';
import { archiverShape } from '../archiver/config.ts';
import { gatewayShape, withGatewayRules } from '../gateway/config.ts';
import { querySchema } from '../query/config.ts';
import { s3Shape } from '../shared/cluster-shapes.ts';
import { type Environment, integer, parseConfig } from '../shared/config.ts';
import { workerShape } from '../worker/config.ts';

const DAY_MS = 86_400_000;

const shape = {
  ...querySchema.shape,
  ...workerShape,
  ...archiverShape,
  ...gatewayShape,
  LECTERN_DATA_DIR: z.string().min(1).default('./data'),
  /** How long the log keeps what the archive has. */
  LECTERN_RETENTION_MS: integer(1_000, 100 * 365 * DAY_MS).default(30 * DAY_MS),
};

const onDirectory = withGatewayRules(z.object(shape));
const onS3 = withGatewayRules(z.object({ ...shape, ...s3Shape }));

export type StandaloneConfig = Readonly<z.output<typeof onDirectory>> & Partial<z.output<typeof onS3>>;

/** The variables of all services. The archive goes to S3 as soon as LECTERN_S3_ENDPOINT is set. */
export function loadStandaloneConfig(env: Environment): StandaloneConfig {
  return env.LECTERN_S3_ENDPOINT ? parseConfig(onS3, env) : parseConfig(onDirectory, env);
}
