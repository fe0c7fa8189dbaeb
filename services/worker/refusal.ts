import type { LeftOutWhy } from '../shared/control/port.ts';
import { messageOf } from '../shared/errors.ts';

/** An event that a reducer refused. */
export interface Refusal {
  readonly offset: number;
  readonly reason: string;
  readonly stack?: string;
  /**
   * Why a replay could come to another end: the event is to be left out by a verdict, which must be durable before the
   * checkpoint is written that the event is missing from. Absent when every replay refuses it by itself.
   */
  readonly verdict?: LeftOutWhy;
}

/** A fault of a state names its keys, which may be about learners: only the dead letter says it. */
const STATE_VERDICT = 'the reducer made a state that cannot be stored';

/** What the control topic, which is kept for ever, is told of a refusal. */
export function verdictReason({ reason, verdict }: Pick<Refusal, 'reason' | 'verdict'>): string {
  return verdict === 'state' ? STATE_VERDICT : reason;
}

const MAX_REASON = 2_000;
const MAX_STACK = 8_000;
/** How many characters of a refusal there are at most. */
export const MAX_REFUSAL = MAX_REASON + MAX_STACK;

/** Of what a reducer threw, whatever that is. */
export function thrownRefusal(offset: number, error: unknown): Refusal {
  const reason = messageOf(error).slice(0, MAX_REASON);
  const stack: unknown = error instanceof Error ? error.stack : undefined;
  return { offset, reason, ...(typeof stack === 'string' ? { stack: stack.slice(0, MAX_STACK) } : {}) };
}

export function stateRefusal(offset: number, reason: string): Refusal {
  return { offset, reason: reason.slice(0, MAX_REASON), verdict: 'state' };
}

export function lateRefusal(offset: number): Refusal {
  return { offset, reason: 'the reducer did not end within its time budget', verdict: 'budget' };
}
