import type { Control } from '../shared/control/port.ts';
import type { History } from '../shared/history/port.ts';
import type { EventLog } from '../shared/log/port.ts';
import type { Claim, DeadLetterKey, StateStore, Unit, UnitFacts } from '../shared/state/port.ts';
import { createToken } from '../shared/state/unit-meta.ts';
import { factsProblem, positionProblem, type Range } from './claim-check.ts';
import type { EraseUnit } from './erase-unit.ts';
import type { Marks } from './rekey-gate.ts';

export interface ClaimDeps {
  /** Names the process, and no other that ever was. */
  readonly process: string;
  readonly unit: Unit;
  readonly facts: UnitFacts;
  /** How many offsets before the position are read back, to know the duplicates of what follows. */
  readonly readBack: number;
  readonly log: Pick<EventLog, 'offsets'>;
  readonly history: Pick<History, 'start' | 'conflict'>;
  readonly state: Pick<StateStore, 'claim' | 'deadLetterKeys'>;
  readonly control: Pick<Control, 'publish'>;
  readonly erasing: Pick<EraseUnit, 'apply' | 'isBehind'>;
  /**
   * Waits until what the unit publishes under other keys can be told from what is published already, which it gives;
   * null when the unit is not wanted any more.
   */
  readonly published: (claim: Claim) => Promise<Marks | null>;
  /** Is told what the claim waits for in a queue of others; null when it waits no more. */
  readonly queues: (what: string | null) => void;
}

/** A unit that is ours from now on. */
export interface Claimed {
  readonly kind: 'claimed';
  readonly token: string;
  readonly claim: Claim;
  /** The offset of the next record to fold. */
  readonly position: number;
  /** Where to read from: before the position, as far back as there are records that say what is a duplicate. */
  readonly readFrom: number;
  /** How many offsets before it would have been read back, had history not begun only there. */
  readonly beforeHistory: number;
  readonly open: readonly DeadLetterKey[];
  /** What is published already. */
  readonly marks: Marks;
}

export type ClaimOutcome = Claimed | { readonly kind: 'stopped'; readonly reason: string };

async function askRange({ unit, log }: ClaimDeps): Promise<Range> {
  const ranges = await log.offsets(unit.topic);
  return ranges.find(({ partition }) => partition === unit.partition) ?? { start: 0, end: 0 };
}

interface Place {
  /** From where on the partition would be read back, if there were anything. */
  readonly back: number;
  /** The oldest offset that archive or log holds, as far as it matters. */
  readonly oldest: number;
  /** Why it cannot go on there; null when it can. */
  readonly problem: string | null;
}

async function findPlace(deps: ClaimDeps, claim: Claim, range: Range, wanted: () => boolean): Promise<Place> {
  const at = { topic: deps.unit.topic, partition: deps.unit.partition };
  const back = claim.next === null ? 0 : Math.max(0, claim.next - deps.readBack);
  const oldest = back >= range.start ? range.start : Math.min(range.start, await deps.history.start(at));
  // An anchor says that the log is the one that was reduced. Where there is none, or the archive is read as well, it must
  // be the one that was archived.
  const isArchiveRead = claim.next === null || back < range.start;
  const problem =
    (isArchiveRead ? await deps.history.conflict(at, { wanted, waits: deps.queues }) : null) ??
    positionProblem(claim, range, oldest);
  return { back, oldest, problem };
}

/**
 * Takes a unit: a new owner token goes into the store, then everything is read that was decided about it. `wanted` is
 * asked between the steps: null when it says no. Rejects when log, store or archive do not answer.
 */
export async function claimUnit(deps: ClaimDeps, wanted: () => boolean): Promise<ClaimOutcome | null> {
  const { unit, facts, state } = deps;
  let range = await askRange(deps);
  if (!wanted()) return null;
  const token = createToken(deps.process);
  const claim = await state.claim(unit, token, facts, range.end);
  const stopped = (reason: string): ClaimOutcome => ({ kind: 'stopped', reason });
  const changed = factsProblem(claim.facts, facts);
  if (changed !== null) return stopped(changed);
  // Until the token was stored, its last owner may have gone on beyond the end that was read before.
  if (claim.next !== null && claim.next > range.end) range = await askRange(deps);
  const { back, oldest, problem } = await findPlace(deps, claim, range, wanted);
  if (problem !== null) return stopped(problem);
  if (!wanted()) return null;
  // After the token is stored: what the last owner decided until then counts, and is taken in now.
  await deps.control.publish({ kind: 'unit-claimed', ...unit, token });
  if ((await deps.erasing.apply(claim, token)) === 'reset') return claimUnit(deps, wanted);
  const open = await state.deadLetterKeys(unit);
  const marks = await deps.published(claim);
  if (marks === null || !wanted()) return null;
  // Decided while this waited: nobody would look at it before the next claim.
  if (deps.erasing.isBehind()) return claimUnit(deps, wanted);
  const position = claim.next ?? oldest;
  const readFrom = Math.max(back, oldest);
  const beforeHistory = claim.next === null ? 0 : readFrom - back;
  return { kind: 'claimed', token, claim, position, readFrom, beforeHistory, open, marks };
}
