import { MODULE } from './house.ts';
import type { OwnRedis } from './own-redis.ts';

/** The claims and checkpoints of the module's units that a Redis executes, whatever it answers to them. */
export interface Checkpoints {
  /** The tokens of the last claim of each unit. */
  owners(): ReadonlySet<string>;
  /** How many claims there were. */
  claims(): number;
  /** How many checkpoints came with one of some tokens. */
  executed(tokens: ReadonlySet<string>): number;
  /** How many came with a token that was no owner's any more. */
  late(): number;
}

/** Of `EVALSHA sha count keys... arguments...`: a checkpoint names three keys, a claim names one and five arguments. */
const CHECKPOINT_KEYS = 3;
const CLAIM_ARGUMENTS = 5;

export async function watchCheckpoints(redis: OwnRedis): Promise<Checkpoints> {
  const owners = new Map<string, string>();
  let claims = 0;
  const seen: { readonly token: string; readonly late: boolean }[] = [];
  await redis.monitor(([command, , count, ...rest]) => {
    if (!/^eval(sha)?$/i.test(command ?? '')) return;
    const keys = rest.slice(0, Number(count));
    const given = rest.slice(Number(count));
    const [meta, token] = [keys[0]!, given[0]!];
    if (!meta.includes(`{${MODULE}:`)) return;
    if (keys.length === CHECKPOINT_KEYS) seen.push({ token, late: owners.get(meta) !== token });
    else if (keys.length === 1 && given.length === CLAIM_ARGUMENTS) {
      owners.set(meta, token);
      claims += 1;
    }
  });
  return {
    owners: () => new Set(owners.values()),
    claims: () => claims,
    executed: (tokens) => seen.filter(({ token }) => tokens.has(token)).length,
    late: () => seen.filter(({ late }) => late).length,
  };
}
