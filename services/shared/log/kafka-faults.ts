import { LecternError } from '../errors.ts';

/** What kafkajs says of an error. */
interface KafkaFault {
  readonly name?: string;
  readonly type?: string;
  readonly retriable?: boolean;
  readonly cause?: unknown;
}

const REBALANCE = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
]);
/** kafkajs calls it retriable, but a topic that somebody deleted does not come back by itself. */
const TOPIC_GONE = 'UNKNOWN_TOPIC_OR_PARTITION';

/** Whether the group answered that the member's assignment is over. */
export const saysRebalance = (error: unknown): boolean => REBALANCE.has((error as KafkaFault).type ?? '');

/** Whether brokers were away or moved, which ends by itself however long it takes. */
export function isOutage(error: unknown): boolean {
  const { cause, retriable, type, name } = error as KafkaFault;
  if (cause !== undefined && cause !== null) return isOutage(cause);
  if (error instanceof LecternError) return error.retriable;
  return name?.startsWith('KafkaJS') === true && retriable === true && type !== TOPIC_GONE;
}
