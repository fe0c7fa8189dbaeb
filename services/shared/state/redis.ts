import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import type { Checkpoint, CheckpointReply, DeadLetter, StateEntry, StateStore } from './port.ts';
import { connectRedis, endpointOf, type RedisConnection, toStateError } from './redis-client.ts';
import { createRedisHints } from './redis-hints.ts';
import { hintsChannel, type UnitKeys, unitKeys } from './redis-keys.ts';

export interface RedisStateOptions extends RedisConnection {
  /** Precedes every key and the channel of the hints. */
  readonly namespace: string;
}

/** The two scripts; their files say what they take and return. */
interface Scripts {
  claimUnit(meta: string, ...argv: (string | number)[]): Promise<[string | null, string, string, string]>;
  checkpointUnit(
    meta: string,
    states: string,
    dead: string,
    ...argv: (string | number)[]
  ): Promise<['done'] | ['token' | 'offset', string | null]>;
}

const SCRIPTS = {
  claimUnit: { file: './claim.lua', numberOfKeys: 1 },
  checkpointUnit: { file: './checkpoint.lua', numberOfKeys: 3 },
};
const PAGE = 1_000;

function withScripts(redis: Redis): Redis & Scripts {
  for (const [name, { file, numberOfKeys }] of Object.entries(SCRIPTS))
    redis.defineCommand(name, {
      lua: readFileSync(new URL(file, import.meta.url), 'utf8'),
      numberOfKeys,
    });
  return redis as Redis & Scripts;
}

const numberOrNull = (text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : Number(text);

function checkpointArguments(checkpoint: Checkpoint): (string | number)[] {
  const { token, expected, next, states, deadLetters, caughtUpAt } = checkpoint;
  const writes: string[] = [];
  const removals: string[] = [];
  for (const [field, value] of states)
    if (value === null) removals.push(field);
    else writes.push(field, value);
  const letters = deadLetters.flatMap((dead) => [`${dead.reducer}@${dead.offset}`, JSON.stringify(dead)]);
  const counts = [writes.length / 2, removals.length, deadLetters.length];
  return [token, expected ?? '', next, caughtUpAt ?? '', ...counts, ...writes, ...removals, ...letters];
}

/** `StateStore` on Redis 7. Three hashes a unit in one slot; `claim.lua` and `checkpoint.lua` are all that writes. */
export function createRedisState(options: RedisStateOptions): StateStore {
  const { namespace, logger } = options;
  const endpoint = endpointOf(options.url);
  const redis = withScripts(connectRedis(options));
  const hints = createRedisHints({
    redis,
    connect: () => connectRedis(options),
    channel: hintsChannel(namespace),
    logger,
  });
  const keysOf = (unit: Parameters<typeof unitKeys>[1]): UnitKeys => unitKeys(namespace, unit);
  const ask = async <T>(reply: Promise<T>): Promise<T> => {
    try {
      return await reply;
    } catch (cause) {
      throw toStateError(endpoint, cause);
    }
  };

  return {
    async claim(unit, token, { formatVersion, partitions, reducersHash }) {
      const [next, ...facts] = await ask(
        redis.claimUnit(keysOf(unit).meta, token, formatVersion, partitions, reducersHash),
      );
      return {
        next: numberOrNull(next),
        facts: { formatVersion: Number(facts[0]), partitions: Number(facts[1]), reducersHash: facts[2] },
      };
    },
    async checkpoint(unit, checkpoint): Promise<CheckpointReply> {
      const { meta, states, dead } = keysOf(unit);
      const [answer, storedText] = await ask(
        redis.checkpointUnit(meta, states, dead, ...checkpointArguments(checkpoint)),
      );
      if (answer === 'done') return { status: 'done' };
      const stored = numberOrNull(storedText);
      // Nobody else writes under this token, so the offset was moved by this command or a later one.
      if (answer === 'offset' && stored !== null && stored >= checkpoint.next) return { status: 'repeated' };
      return { status: 'refused', because: answer, stored };
    },
    async readMany(unit, fields) {
      const { states } = keysOf(unit);
      const pipeline = redis.pipeline();
      for (let at = 0; at < fields.length; at += PAGE) pipeline.hmget(states, ...fields.slice(at, at + PAGE));
      const replies = (await ask(pipeline.exec())) ?? [];
      return replies.flatMap(([error, values]) => {
        if (error !== null) throw toStateError(endpoint, error);
        return values as (string | null)[];
      });
    },
    async position(unit) {
      const [partitions, next, caughtUpAt] = await ask(
        redis.hmget(keysOf(unit).meta, 'partitions', 'next', 'caughtUpAt'),
      );
      if (partitions === null || partitions === undefined) return null;
      return {
        next: numberOrNull(next),
        caughtUpAt: numberOrNull(caughtUpAt),
        partitions: Number(partitions),
      };
    },
    async *entries(unit) {
      const { states } = keysOf(unit);
      let cursor = '0';
      do {
        const [after, flat] = await ask(redis.hscan(states, cursor, 'COUNT', PAGE));
        const page: StateEntry[] = [];
        for (let at = 0; at < flat.length; at += 2) page.push({ field: flat[at]!, value: flat[at + 1]! });
        if (page.length > 0) yield page;
        cursor = after;
      } while (cursor !== '0');
    },
    async deadLetters(unit) {
      const texts = await ask(redis.hvals(keysOf(unit).dead));
      return texts.map((text) => JSON.parse(text) as DeadLetter);
    },
    announce: hints.announce,
    watch: (listener) => ask(hints.watch(listener)),
    async check() {
      await ask(redis.ping());
    },
    async close() {
      hints.close();
      if (redis.status === 'ready') await redis.quit().catch(() => undefined);
      redis.disconnect();
    },
  };
}
