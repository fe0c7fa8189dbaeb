import { Redis } from 'ioredis';
import { LecternError, messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';

export interface RedisConnection {
  /** `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS. */
  readonly url: string;
  readonly logger: Logger;
}

/** Well below the session timeout of a consumer group (30 s): who waits for a store that is away is not evicted. */
const COMMAND_TIMEOUT_MS = 5_000;
/** A connection that answers nothing for so long is given up: it may be half open, which TCP notices much later. */
const SOCKET_TIMEOUT_MS = 8_000;
const CONNECT_TIMEOUT_MS = 3_000;
const DISCONNECT_TIMEOUT_MS = 200;
const KEEP_ALIVE_MS = 10_000;
const MAX_RECONNECT_DELAY_MS = 1_000;
/** Commands wait in the client through so many failed reconnects, then fail; this bounds its queue. */
const MAX_RETRIES = 3;

/** Where Redis is, without user and password. */
export function endpointOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === '' ? '6379' : port}`;
}

/**
 * A connection that reconnects for ever. Going away and coming back are logged once each. A command may be sent twice
 * around a reconnect, so every one that is sent here is harmless when repeated.
 */
export function connectRedis({ url, logger }: RedisConnection): Redis {
  const redis = new Redis(url, {
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    maxRetriesPerRequest: MAX_RETRIES,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_DELAY_MS),
  });
  const endpoint = endpointOf(url);
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) logger.warn({ endpoint, error: messageOf(error) }, 'Redis is away; trying again');
    away = true;
  });
  redis.on('ready', () => {
    if (away) logger.info({ endpoint }, 'Redis is back');
    away = false;
  });
  return redis;
}

/** Full memory, or a disk that does not take the append-only file or the snapshot. */
const FULL = /^(OOM|MISCONF)\b/;
/** Replies of a server that is starting, failing over or not reachable as a whole. */
const PASSING = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|TRYAGAIN|BUSY)\b/;

/** What ioredis rejects waiting commands with after MAX_RETRIES. */
const NO_CONNECTION = 'MaxRetriesPerRequestError';

/** STATE_FULL or STATE_UNAVAILABLE for anything that a command was rejected with. */
export function toStateError(endpoint: string, cause: unknown): LecternError {
  if (cause instanceof LecternError) return cause;
  const message = messageOf(cause);
  if (FULL.test(message))
    return new LecternError(
      'STATE_FULL',
      `Redis at ${endpoint} takes no writes: ${message} Give it more memory or disk, or remove old versions`,
      { cause, retriable: true },
    );
  const isReply = cause instanceof Error && cause.name === 'ReplyError';
  const retriable = !isReply || PASSING.test(message);
  const said = isReply ? 'refused a command' : 'does not answer';
  const reason = cause instanceof Error && cause.name === NO_CONNECTION ? 'no connection' : message;
  return new LecternError('STATE_UNAVAILABLE', `Redis at ${endpoint} ${said}: ${reason}`, {
    cause,
    retriable,
  });
}
