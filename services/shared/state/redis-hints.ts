import type { Redis } from 'ioredis';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Hint, StateStore } from './port.ts';

export interface RedisHintsDeps {
  readonly redis: Redis;
  /** Makes the connection for subscribing; such a one can do nothing else. */
  readonly connect: () => Redis;
  readonly channel: string;
  readonly logger: Logger;
}

export interface RedisHints extends Pick<StateStore, 'announce' | 'watch'> {
  close(): void;
}

const MAX_FIELDS = 1_000;
const WATCHERS_KNOWN_MS = 1_000;

/** Change hints through one pub/sub channel: `{"unit": ..., "fields": [...]}`. Lost while a connection is away. */
export function createRedisHints({ redis, connect, channel, logger }: RedisHintsDeps): RedisHints {
  const listeners = new Set<(hint: Hint) => void>();
  let subscriber: Redis | undefined;
  let asked = { at: Number.NEGATIVE_INFINITY, watchers: Promise.resolve(0) };

  const countWatchers = async (): Promise<number> => {
    const [, count] = (await redis.pubsub('NUMSUB', channel)) as [string, number];
    return Number(count);
  };
  const watchers = (): Promise<number> => {
    if (performance.now() - asked.at > WATCHERS_KNOWN_MS)
      asked = { at: performance.now(), watchers: countWatchers() };
    return asked.watchers;
  };
  const publish = async ({ unit, fields }: Hint): Promise<void> => {
    for (let at = 0; at < fields.length; at += MAX_FIELDS)
      await redis.publish(channel, JSON.stringify({ unit, fields: fields.slice(at, at + MAX_FIELDS) }));
  };
  const receive = (_channel: string, text: string): void => {
    try {
      const hint = JSON.parse(text) as Hint;
      for (const listener of listeners) listener(hint);
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'a change hint could not be used');
    }
  };
  const subscription = (): Redis => {
    if (subscriber === undefined) {
      subscriber = connect();
      subscriber.on('message', receive);
    }
    return subscriber;
  };

  return {
    async announce(hint) {
      try {
        if (hint.fields.length > 0 && (await watchers()) > 0) await publish(hint);
      } catch (error) {
        logger.debug({ error: messageOf(error) }, 'a change hint was not sent');
      }
    },
    async watch(listener) {
      // First, so that another's leaving at this moment does not end the subscription.
      listeners.add(listener);
      try {
        await subscription().subscribe(channel);
      } catch (error) {
        listeners.delete(listener);
        throw error;
      }
      return async () => {
        listeners.delete(listener);
        if (listeners.size === 0) await subscriber?.unsubscribe(channel).catch(() => undefined);
      };
    },
    close() {
      listeners.clear();
      subscriber?.disconnect();
    },
  };
}
