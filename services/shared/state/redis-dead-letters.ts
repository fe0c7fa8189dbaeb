import type { Redis } from 'ioredis';
import type { DeadLetter, OpenDeadLetter, StateStore } from './port.ts';
import type { UnitKeys } from './redis-keys.ts';
import type { Scripts } from './redis-scripts.ts';
import { nameOf, parseName } from './unit-meta.ts';

export interface RedisDeadLettersDeps {
  readonly redis: Redis & Scripts;
  readonly keysOf: (unit: Parameters<StateStore['deadLetters']>[0]) => UnitKeys;
  /** Turns what a command rejects with into a LecternError. */
  readonly ask: <T>(reply: Promise<T>) => Promise<T>;
}

/** A page may hold a stack in each, and a script with so many letters ends soon enough for whoever else waits. */
const PAGE = 100;

/** Two lines of JSON: what stays as long as the letter is open, and what a relay replaces by where the copy is. */
export function toText({ reason, stack, ...stays }: DeadLetter): string {
  return `${JSON.stringify(stays)}\n${JSON.stringify({ reason, stack })}`;
}

function parseText(text: string): OpenDeadLetter {
  const lineEnd = text.indexOf('\n');
  const stays = JSON.parse(text.slice(0, lineEnd)) as object;
  const rest = JSON.parse(text.slice(lineEnd + 1)) as object;
  return { copy: null, ...stays, ...rest } as OpenDeadLetter;
}

/** The open dead letters of units on Redis, besides what a checkpoint writes of them. */
export function createRedisDeadLetters({
  redis,
  keysOf,
  ask,
}: RedisDeadLettersDeps): Pick<StateStore, 'deadLetters' | 'deadLetterKeys' | 'relayed'> {
  return {
    async *deadLetters(unit) {
      const { dead } = keysOf(unit);
      // While the hash is resized a scan gives some twice. A module pauses when a worker has 10,000 open ones of it, so this stays small.
      const seen = new Set<string>();
      let cursor = '0';
      do {
        const [after, flat] = await ask(redis.hscan(dead, cursor, 'COUNT', PAGE));
        const page: OpenDeadLetter[] = [];
        for (let at = 0; at < flat.length; at += 2) {
          if (seen.has(flat[at]!)) continue;
          seen.add(flat[at]!);
          page.push(parseText(flat[at + 1]!));
        }
        if (page.length > 0) yield page;
        cursor = after;
      } while (cursor !== '0');
    },
    async deadLetterKeys(unit) {
      return (await ask(redis.hkeys(keysOf(unit).dead))).map(parseName);
    },
    async relayed(unit, copies) {
      const { dead } = keysOf(unit);
      for (let at = 0; at < copies.length; at += PAGE) {
        const argv = copies
          .slice(at, at + PAGE)
          .flatMap(({ copy, ...key }) => [nameOf(key), JSON.stringify({ copy })]);
        await ask(redis.relayDeadLetters(dead, ...argv));
      }
    },
  };
}
