import type { Kafka } from 'kafkajs';
import type { Logger } from '../logger.ts';
import type { StickyAssigner } from './kafka-assigner.ts';
import type { Companions } from './kafka-companions.ts';
import type { TopicIdentity } from './kafka-identity.ts';
import type { ConsumerHandlers, ConsumerOptions, GroupConsumer, PartitionOffsets } from './port.ts';

export interface KafkaSessionDeps extends ConsumerOptions {
  readonly kafka: Kafka;
  readonly logger: Logger;
  readonly sessionTimeoutMs: number;
  /** How long a partition may be behind and get no records, in milliseconds. */
  readonly stuckMs: number;
  /** How long a batch may be in hand without getting on, in milliseconds. */
  readonly batchMs: number;
  readonly offsets: (topic: string) => Promise<readonly PartitionOffsets[]>;
  readonly partitionCount: (topic: string) => Promise<number | null>;
  /** Outlives the session, as what it knows does. */
  readonly sticky: StickyAssigner;
  readonly identity: TopicIdentity;
  /** The other consumers of the process. */
  readonly companions: Companions;
  readonly handlers: ConsumerHandlers;
  /** The session cannot go on; another may. */
  readonly ended: (error: Error) => void;
}

/** A membership that begins with `run` and ends by itself or by `stop`. */
export interface KafkaSession extends Omit<GroupConsumer, 'run'> {
  run(): Promise<void>;
  /** Resolves when no batch of it is in hand any more. */
  settled(): Promise<void>;
}
