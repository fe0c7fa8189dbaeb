import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

type Argument = string | number;
type Text = string | null;

/** The scripts as commands; their files say what they take and return. */
export interface Scripts {
  claimUnit(
    meta: string,
    ...argv: Argument[]
  ): Promise<
    [
      next: Text,
      anchor: Text,
      target: Text,
      claims: Text,
      attempt: Text,
      times: Text,
      formatVersion: string,
      partitions: string,
      reducersHash: string,
    ]
  >;
  markUnit(meta: string, ...argv: Argument[]): Promise<0 | 1>;
  checkpointUnit(
    meta: string,
    states: string,
    dead: string,
    ...argv: Argument[]
  ): Promise<['done'] | ['token' | 'offset', Text] | ['altered', string]>;
  resetUnit(meta: string, states: string, dead: string, ...argv: Argument[]): Promise<0 | 1>;
  relayDeadLetters(dead: string, ...argv: Argument[]): Promise<null>;
}

const SCRIPTS: Record<keyof Scripts, { readonly file: string; readonly numberOfKeys: number }> = {
  claimUnit: { file: './claim.lua', numberOfKeys: 1 },
  markUnit: { file: './mark.lua', numberOfKeys: 1 },
  checkpointUnit: { file: './checkpoint.lua', numberOfKeys: 3 },
  resetUnit: { file: './reset.lua', numberOfKeys: 3 },
  relayDeadLetters: { file: './relayed.lua', numberOfKeys: 1 },
};

export function withScripts(redis: Redis): Redis & Scripts {
  for (const [name, { file, numberOfKeys }] of Object.entries(SCRIPTS))
    redis.defineCommand(name, {
      lua: readFileSync(new URL(file, import.meta.url), 'utf8'),
      numberOfKeys,
    });
  return redis as Redis & Scripts;
}
