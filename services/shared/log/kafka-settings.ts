import type { ConsumerConfig } from 'kafkajs';

const MAX_HEARTBEAT_MS = 1_000;
/** How long a fetch waits at a broker for a first record when all is read. A stop waits for it, too. */
export const REST_MS = 1_000;
const MIN_REBALANCE_MS = 60_000;
const KIB = 1_024;

type Settings = Required<
  Pick<
    ConsumerConfig,
    | 'sessionTimeout'
    | 'rebalanceTimeout'
    | 'heartbeatInterval'
    | 'allowAutoTopicCreation'
    | 'maxWaitTimeInMs'
    | 'maxBytes'
    | 'maxBytesPerPartition'
    | 'metadataMaxAge'
  >
>;

/**
 * How a member of a group fetches and waits.
 *
 * Trap 28: one fetch at a time is under way at each broker, and its records are all that is in memory besides what
 * handlers keep: `maxBytes` a broker, however many partitions there are, or one batch of records where that is larger,
 * which is at most the 5 MiB of the topic's `max.message.bytes`. Decoded that is about five times as much.
 */
export function sessionSettings(sessionTimeoutMs: number, alone = false): Settings {
  const heartbeatInterval = Math.floor(sessionTimeoutMs / 5);
  return {
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: Math.max(MIN_REBALANCE_MS, sessionTimeoutMs),
    // Also how long a member takes to hear that another one left.
    heartbeatInterval: alone ? heartbeatInterval : Math.min(MAX_HEARTBEAT_MS, heartbeatInterval),
    allowAutoTopicCreation: false,
    // Trap 16: also how long a resume or a rebalance may go unnoticed. At rest, when all is read, `REST_MS`.
    maxWaitTimeInMs: 250,
    maxBytes: 4_096 * KIB,
    maxBytesPerPartition: 512 * KIB,
    metadataMaxAge: 60_000,
  };
}
