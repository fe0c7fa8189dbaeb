import { createLogger } from '../shared/logger.ts';
import type { Attempt, Unit } from '../shared/state/port.ts';
import { createRedisState } from '../shared/state/redis.ts';

/** What a process that stands still had in hand. */
export interface InHand {
  readonly unit: Unit;
  /** Of the claim under which it was reduced. */
  readonly token: string;
  readonly attempt: Attempt;
}

/** What the watchdog's thread, which shares no connection with its process, needs to note it. */
export interface LastWords {
  readonly redisUrl: string;
  readonly namespace: string;
}

/**
 * Notes in the store, under the token of the process, the attempt that it will not come back from: whoever claims next
 * then goes event by event at once, and need not lose three processes more to become careful.
 */
export async function noteInHand(
  { redisUrl, namespace }: LastWords,
  { unit, token, attempt }: InHand,
): Promise<void> {
  const logger = createLogger({ service: 'worker', level: 'silent' });
  await createRedisState({ url: redisUrl, namespace, logger }).mark(unit, token, attempt);
}
