import { createHash } from 'node:crypto';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { connectRedis } from '../shared/state/redis-client.ts';

/** So many events in any window of so many whole seconds; all of them may come at once. */
export interface Rate {
  readonly events: number;
  readonly seconds: number;
}

/** Whose counts are shared by every gateway of a namespace. */
export interface SharedCounts {
  readonly redis: ReturnType<typeof connectRedis>;
  readonly namespace: string;
}

/**
 * Counts the events of whoever sends. Never waits, nor makes anybody wait, for the counts of others: what is counted is
 * seen a moment later. What was taken too much by then is owed, and paid by a longer wait, of ten windows at most.
 */
export interface RateLimit {
  count(name: string, events: number): void;
  /** Until the sender may go on; 0: now. */
  waitMs(name: string): number;
}

export interface RateDeps {
  readonly rate: Rate;
  /** What is counted: `identity` or `address`. */
  readonly kind: string;
  /** Without it counts are this process's own. They are too while Redis is away. */
  readonly shared?: SharedCounts | undefined;
  readonly logger: Logger;
  /** Milliseconds of a clock that never steps back. */
  readonly clockMs: () => number;
  /** Senders that are told apart at once; all further ones count as one. */
  readonly maxNames: number;
}

interface Sender {
  /**
   * The name under which it is counted. No name or address stands in Redis as it is, but this is a pseudonym and no
   * secret: whoever reads Redis and guesses a name can compute it. It is gone with its window.
   */
  readonly hash: string;
  uncounted: number;
  counting: boolean;
  blockedUntil: number;
  /** Forgotten then, as its count is. */
  endsAt: number;
}

/** Windows. A sender is not shut out for long because its counts came late, from a Redis that was slow for instance. */
const MAX_OWED = 10;

const OTHERS = '';

function limiterOf({ rate, kind, shared }: RateDeps): RateLimiterAbstract {
  const options = { points: rate.events, duration: rate.seconds, keyPrefix: kind };
  const alone = new RateLimiterMemory(options);
  if (shared === undefined) return alone;
  return new RateLimiterRedis({
    ...options,
    keyPrefix: `${shared.namespace}.rate.${kind}`,
    storeClient: shared.redis,
    rejectIfRedisNotReady: true,
    insuranceLimiter: alone,
  });
}

export function createRateLimit(deps: RateDeps): RateLimit {
  const { rate, clockMs } = deps;
  const limiter = limiterOf(deps);
  const windowMs = rate.seconds * 1_000;
  const senders = new Map<string, Sender>();
  let failed = false;

  function forgetOld(): void {
    const now = clockMs();
    // Whoever counts again goes to the end, so the first is the one that is forgotten first, or nearly so.
    for (const [name, sender] of senders) {
      if (sender.counting || sender.endsAt > now) return;
      senders.delete(name);
    }
  }

  function senderNamed(name: string): Sender {
    const known = senders.get(name);
    if (known !== undefined) {
      senders.delete(name);
      senders.set(name, known);
      return known;
    }
    forgetOld();
    if (senders.size >= deps.maxNames && name !== OTHERS) return senderNamed(OTHERS);
    const hash = createHash('sha256').update(name).digest('base64url').slice(0, 22);
    const sender = { hash, uncounted: 0, counting: false, blockedUntil: 0, endsAt: clockMs() + windowMs };
    senders.set(name, sender);
    return sender;
  }

  function counted(sender: Sender, { consumedPoints, msBeforeNext }: RateLimiterRes): void {
    const now = clockMs();
    sender.endsAt = now + msBeforeNext;
    if (consumedPoints < rate.events) return;
    const owed = (consumedPoints - rate.events) / rate.events;
    const owedMs = Math.min(owed, MAX_OWED) * windowMs;
    sender.blockedUntil = now + msBeforeNext + owedMs;
    sender.endsAt = sender.blockedUntil;
  }

  async function consume(sender: Sender): Promise<void> {
    sender.counting = true;
    while (sender.uncounted > 0) {
      const events = sender.uncounted;
      sender.uncounted = 0;
      // What is above the rate comes as a rejection, which is an answer like any other here.
      const result: unknown = await limiter.consume(sender.hash, events).catch((reason: unknown) => reason);
      if (result instanceof RateLimiterRes) counted(sender, result);
      else {
        if (!failed) deps.logger.warn({ error: messageOf(result) }, 'events could not be counted');
        failed = true;
      }
    }
    sender.counting = false;
  }

  return {
    count(name, events) {
      if (events <= 0) return;
      const sender = senderNamed(name);
      sender.uncounted += events;
      if (!sender.counting) void consume(sender);
    },
    waitMs(name) {
      const sender = senders.get(name) ?? (senders.size >= deps.maxNames ? senders.get(OTHERS) : undefined);
      return sender === undefined ? 0 : Math.max(0, sender.blockedUntil - clockMs());
    },
  };
}
