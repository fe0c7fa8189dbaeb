import { randomUUID } from 'node:crypto';
import type {
  Anchor,
  Attempt,
  Checkpoint,
  CheckpointReply,
  Claim,
  DeadLetterCopy,
  DeadLetterKey,
  OpenDeadLetter,
  Position,
  UnitFacts,
} from './port.ts';

/**
 * Everything of a unit besides its states and dead letters, and how claims, marks and checkpoints change it, for the
 * stores that have transactions of their own. `claim.lua`, `mark.lua` and `checkpoint.lua` say the same to Redis.
 */
export interface UnitMeta {
  readonly token: string;
  readonly facts: UnitFacts;
  readonly next: number | null;
  readonly anchor: Anchor | null;
  readonly target: number | null;
  readonly caughtUpAt: number | null;
  /** Not there in what was stored before there was such a thing. */
  readonly completeAt?: number | null;
  readonly claims: number;
  /** With the processes that marked it, between spaces. */
  readonly attempt: (NonNullable<Claim['attempt']> & { readonly marker: string }) | null;
}

/** How one event in one reducer is named where things are kept by name: open dead letters, marks. */
export function nameOf({ reducer, offset }: DeadLetterKey): string {
  return `${reducer}@${offset}`;
}

/** The reverse of `nameOf`. */
export function parseName(name: string): DeadLetterKey {
  const at = name.lastIndexOf('@');
  return { reducer: name.slice(0, at), offset: Number(name.slice(at + 1)) };
}

/** Before it, a token names its process; the rest tells the claims of that process apart. */
const BETWEEN = '/';

/** An owner token for one claim of a process. */
export function createToken(process: string): string {
  return `${process}${BETWEEN}${randomUUID()}`;
}

/** The process that an owner token was made by. */
function processOf(token: string): string {
  const [process] = token.split(BETWEEN, 1);
  return process!;
}

const areSame = (one: UnitFacts, other: UnitFacts): boolean =>
  one.formatVersion === other.formatVersion &&
  one.partitions === other.partitions &&
  one.reducersHash === other.reducersHash;

/** What is stored after a claim. The stored facts tell whether the claim was accepted. */
export function claimed(
  stored: UnitMeta | undefined,
  token: string,
  facts: UnitFacts,
  logEnd: number,
): UnitMeta {
  if (stored === undefined)
    return {
      token,
      facts,
      next: null,
      anchor: null,
      target: logEnd,
      caughtUpAt: null,
      completeAt: null,
      claims: 1,
      attempt: null,
    };
  // A token is made for one claim, so one that is there already is the same claim, sent again.
  if (!areSame(stored.facts, facts) || stored.token === token) return stored;
  const { next, target, claims } = stored;
  const isAgain = claims > 0 && processOf(stored.token) === processOf(token);
  return {
    ...stored,
    token,
    target: target ?? (next === null ? logEnd : null),
    claims: isAgain ? claims : claims + 1,
  };
}

/** What is stored after a mark; null when the token is not the owner's. */
export function marked(
  stored: UnitMeta | undefined,
  token: string,
  { offset, reducer }: Attempt,
): UnitMeta | null {
  if (stored?.token !== token) return null;
  const { attempt } = stored;
  const process = processOf(token);
  if (attempt?.offset !== offset || attempt.reducer !== reducer)
    return { ...stored, attempt: { offset, reducer, times: 1, marker: process } };
  if (attempt.marker.split(' ').includes(process)) return stored;
  const marker = `${attempt.marker} ${process}`;
  return { ...stored, attempt: { offset, reducer, times: attempt.times + 1, marker } };
}

/** Why a checkpoint is not written; null when it may be. */
export function objection(stored: UnitMeta | undefined, checkpoint: Checkpoint): CheckpointReply | null {
  const next = stored?.next ?? null;
  if (stored?.token !== checkpoint.token) return { status: 'refused', because: 'token', stored: next };
  if (next === checkpoint.expected) return null;
  // Nobody else writes under this token, so the offset was moved by this command or a later one.
  if (next !== null && next >= checkpoint.next) return { status: 'repeated' };
  return { status: 'refused', because: 'offset', stored: next };
}

/** What is stored after a reset; null when the token is not the owner's. */
export function emptied(stored: UnitMeta | undefined, token: string): UnitMeta | null {
  if (stored?.token !== token) return null;
  const { facts } = stored;
  const nothing = { next: null, anchor: null, target: null, caughtUpAt: null, completeAt: null };
  return { token, facts, ...nothing, claims: 0, attempt: null };
}

/** What is stored after a checkpoint that nothing objects to. */
export function advanced(stored: UnitMeta, checkpoint: Checkpoint): UnitMeta {
  const { next, anchor, caughtUpAt, completeAt } = checkpoint;
  // Or there is nothing to move it.
  const isMoved = next !== stored.next || caughtUpAt !== null;
  return {
    ...stored,
    next,
    anchor: anchor ?? stored.anchor,
    caughtUpAt: caughtUpAt ?? stored.caughtUpAt,
    completeAt: completeAt ?? stored.completeAt ?? null,
    claims: isMoved ? 0 : stored.claims,
    attempt: isMoved ? null : stored.attempt,
  };
}

/**
 * What stays of a dead letter once its topic has the whole of it. The key alone says which: one that was opened again
 * between being read for the copy and this counts as copied too, and its copy then tells the refusal before. One that
 * is opened again after this waits for a copy again.
 */
export function copied(letter: OpenDeadLetter, copy: DeadLetterCopy): OpenDeadLetter {
  const { reducer, offset, version, topic, partition } = letter;
  return { reducer, offset, version, topic, partition, copy };
}

export function toClaim({ next, facts, anchor, target, claims, attempt }: UnitMeta): Claim {
  const noted = attempt && { offset: attempt.offset, reducer: attempt.reducer, times: attempt.times };
  return { next, facts, anchor, target, claims, attempt: noted };
}

export function toPosition({ next, target, caughtUpAt, completeAt, facts }: UnitMeta): Position {
  return { next, target, caughtUpAt, completeAt: completeAt ?? null, partitions: facts.partitions };
}
