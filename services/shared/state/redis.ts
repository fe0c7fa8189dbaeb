import type { Anchor, Checkpoint, CheckpointReply, StateEntry, StateStore, Unit } from './port.ts';
import { connectRedis, endpointOf, type RedisConnection, toStateError } from './redis-client.ts';
import { createRedisDeadLetters, toText } from './redis-dead-letters.ts';
import { createRedisHints } from './redis-hints.ts';
import { hintsChannel, type UnitKeys, unitKeys } from './redis-keys.ts';
import { withScripts } from './redis-scripts.ts';
import { nameOf, parseName } from './unit-meta.ts';

export interface RedisStateOptions extends RedisConnection {
  /** Precedes every key and the channel of the hints. */
  readonly namespace: string;
}

const PAGE = 1_000;

const numberOrNull = (text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : Number(text);

function checkpointArguments(checkpoint: Checkpoint): (string | number)[] {
  const { token, expected, next, caughtUpAt, completeAt, anchor } = checkpoint;
  const { states, lengths, closed, deadLetters } = checkpoint;
  const writes: string[] = [];
  const removals: string[] = [];
  for (const [field, value] of states)
    if (value === null) removals.push(field);
    else writes.push(field, value);
  const letters = deadLetters.flatMap((letter) => [nameOf(letter), toText(letter)]);
  const head = [token, expected ?? '', next, caughtUpAt ?? '', anchor === null ? '' : JSON.stringify(anchor)];
  const expectations = [...lengths].flatMap(([field, beginning]) => [field, beginning ?? '']);
  const lists = [writes, removals, closed.map(nameOf), letters, expectations];
  return [...head, ...lists.map((texts) => JSON.stringify(texts)), completeAt ?? ''];
}

/** `StateStore` on Redis 7. Three hashes a unit in one slot; five scripts and `remove` are all that writes. */
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
  const keysOf = (unit: Unit): UnitKeys => unitKeys(namespace, unit);
  const ask = async <T>(reply: Promise<T>): Promise<T> => {
    try {
      return await reply;
    } catch (cause) {
      throw toStateError(endpoint, cause);
    }
  };

  return {
    async claim(unit, token, { formatVersion, partitions, reducersHash }, logEnd) {
      const [next, anchor, target, claims, attempt, times, ...facts] = await ask(
        redis.claimUnit(keysOf(unit).meta, token, logEnd, formatVersion, partitions, reducersHash),
      );
      return {
        next: numberOrNull(next),
        facts: { formatVersion: Number(facts[0]), partitions: Number(facts[1]), reducersHash: facts[2] },
        anchor: anchor === null ? null : (JSON.parse(anchor) as Anchor),
        target: numberOrNull(target),
        claims: Number(claims),
        attempt: attempt ? { ...parseName(attempt), times: Number(times) } : null,
      };
    },
    async mark(unit, token, attempt) {
      return (await ask(redis.markUnit(keysOf(unit).meta, token, nameOf(attempt)))) === 1;
    },
    async checkpoint(unit, checkpoint): Promise<CheckpointReply> {
      const { meta, states, dead } = keysOf(unit);
      const reply = await ask(redis.checkpointUnit(meta, states, dead, ...checkpointArguments(checkpoint)));
      if (reply[0] === 'done') return { status: 'done' };
      if (reply[0] === 'altered') return { status: 'altered', field: reply[1] };
      const [answer, storedText] = reply;
      const stored = numberOrNull(storedText);
      // Nobody else writes under this token, so the offset was moved by this command or a later one.
      if (answer === 'offset' && stored !== null && stored >= checkpoint.next) return { status: 'repeated' };
      return { status: 'refused', because: answer, stored };
    },
    async reset(unit, token) {
      const { meta, states, dead } = keysOf(unit);
      return (await ask(redis.resetUnit(meta, states, dead, token))) === 1;
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
      const [partitions, next, target, caughtUpAt, completeAt] = await ask(
        redis.hmget(keysOf(unit).meta, 'partitions', 'next', 'target', 'caughtUpAt', 'completeAt'),
      );
      if (partitions === null || partitions === undefined) return null;
      return {
        next: numberOrNull(next),
        target: numberOrNull(target),
        caughtUpAt: numberOrNull(caughtUpAt),
        completeAt: numberOrNull(completeAt),
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
    ...createRedisDeadLetters({ redis, keysOf, ask }),
    async remove(unit) {
      const { meta, states, dead } = keysOf(unit);
      // One command of one slot: gone together, and Redis frees the memory beside its other work.
      await ask(redis.unlink(meta, states, dead));
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
