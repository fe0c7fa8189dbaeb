import type { ApiKey, Block } from '../shared/control/access-record.ts';
import type { Auth } from '../shared/reducer-api.ts';
import { keyFault } from './api-keys.ts';
import { type BlocksNow, blockOfHost, blockOfLearner, blockOfSource, hostOf } from './blocklist.ts';
import { type Credential, vouches } from './credential.ts';
import type { Problem } from './frame.ts';
import type { Sender } from './sender.ts';
import type { ReceivedEvent } from './session.ts';

/** Why an event does not go on. `blocked` is the sender as a whole: its socket closes. */
export type DoorRefusal =
  | { readonly kind: 'blocked'; readonly block: Block }
  | { readonly kind: 'event'; readonly problem: Problem; readonly block: Block | null };

/** Why a sender may not stay. */
export type Leaving =
  | { readonly kind: 'blocked'; readonly block: Block }
  | { readonly kind: 'credential'; readonly reason: string };

/** Decides of one sender what goes on, by what was decided until now. Every event must pass it before it is kept. */
export interface Door {
  refusal(event: Pick<ReceivedEvent, 'frame' | 'auth'>): DoorRefusal | null;
  /** Asked when it is found out who sends, and again when something was decided. */
  leaving(learner: Auth | null, source: string | null): Leaving | null;
  /** Why what it was let in with holds no longer: for senders of which nobody is told when something was decided. */
  credentialFault(): string | null;
}

export interface DoorDeps {
  readonly apiKeys: ReadonlyMap<string, ApiKey>;
  readonly blocks: ReadonlyMap<string, Block>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const NAMED_SOURCES = 10;

function scopeProblem(credential: Credential, source: unknown): Problem | null {
  if (credential.kind !== 'api-key' || credential.sources === null) return null;
  if (typeof source === 'string' && credential.sources.has(source)) return null;
  const names = [...credential.sources];
  const more = names.length > NAMED_SOURCES ? ' and others' : '';
  return {
    error: `source: the API key ${credential.id} is for ${names.slice(0, NAMED_SOURCES).join(', ')}${more} only`,
    remedy: 'correct the source, or ask for a key for it',
  };
}

export function createDoor(
  { origin, credential }: Pick<Sender, 'origin' | 'credential'>,
  deps: DoorDeps,
): Door {
  const host = hostOf(origin);
  // A program that speaks for many goes on when one of them is blocked.
  const speaksForMany = vouches(credential);
  const at = (): BlocksNow => ({ blocks: deps.blocks, now: deps.now() });

  function credentialFault(): string | null {
    if (credential.kind === 'jwt') return credential.expiresAt <= deps.now() ? 'the token has expired' : null;
    if (credential.kind === 'none') return null;
    const key = deps.apiKeys.get(credential.id);
    return key === undefined ? 'the API key is not known any more' : keyFault(key, deps.now());
  }

  function blockRefusal(source: unknown, auth: Auth): DoorRefusal | null {
    const now = at();
    const senders = blockOfSource(now, typeof source === 'string' ? source : '') ?? blockOfHost(now, host);
    const block = senders ?? blockOfLearner(now, auth);
    if (block === null) return null;
    if (senders === null && speaksForMany) {
      // MAINTAIN wants events kept by their sender, for later.
      const later = block.action === 'MAINTAIN' ? ({ retriable: true } as const) : {};
      return { kind: 'event', problem: { error: block.message, ...later }, block };
    }
    return { kind: 'blocked', block };
  }

  return {
    credentialFault,
    refusal({ frame: { fields }, auth }) {
      const blocked = deps.blocks.size === 0 ? null : blockRefusal(fields.source, auth);
      if (blocked !== null) return blocked;
      const problem = scopeProblem(credential, fields.source);
      return problem === null ? null : { kind: 'event', problem, block: null };
    },
    leaving(learner, source) {
      const reason = credentialFault();
      if (reason !== null) return { kind: 'credential', reason };
      const now = at();
      const block =
        blockOfHost(now, host) ??
        (source === null ? null : blockOfSource(now, source)) ??
        (learner === null || speaksForMany ? null : blockOfLearner(now, learner));
      return block === null ? null : { kind: 'blocked', block };
    },
  };
}
