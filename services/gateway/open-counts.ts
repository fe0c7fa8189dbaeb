import type { Logger } from '../shared/logger.ts';
import { connectRedis } from '../shared/state/redis-client.ts';
import type { SharedCounts } from './rate.ts';
import type { TrafficVariables } from './traffic-config.ts';

/** Connects only when there is something to count. */
export function openSharedCounts(
  config: TrafficVariables & {
    readonly LECTERN_NAMESPACE: string;
    readonly LECTERN_REDIS_URL?: string | undefined;
  },
  logger: Logger,
): { readonly shared?: SharedCounts; close(): Promise<void> } {
  const { LECTERN_REDIS_URL: url, LECTERN_RATE_PER_IDENTITY, LECTERN_RATE_PER_ADDRESS } = config;
  if (url === undefined || (LECTERN_RATE_PER_IDENTITY ?? LECTERN_RATE_PER_ADDRESS) === undefined)
    return { close: async () => undefined };
  const redis = connectRedis({ url, logger });
  return {
    shared: { redis, namespace: config.LECTERN_NAMESPACE },
    close: async () => redis.disconnect(),
  };
}
