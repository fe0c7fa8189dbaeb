import { accept, isPromise } from './accept.ts';
import type { DecodedEvent } from './decode.ts';
import { type Entry, reopen, settle } from './entry.ts';
import type { FoldPolicy } from './fold-policy.ts';
import { type RefoldStart, refold } from './refold.ts';
import { type Refusal, thrownRefusal } from './refusal.ts';

const NONE: readonly Refusal[] = [];

/**
 * Folds one event into an entry. Null when a synchronous reducer took it. Otherwise resolves to the events that are
 * refused: none, this one, or besides it those since the state was settled that had led to a state that cannot be
 * stored. The state is then as if they had never been.
 */
export function fold(
  entry: Entry,
  event: DecodedEvent,
  policy: FoldPolicy,
): null | Promise<readonly Refusal[]> {
  let result: unknown;
  try {
    result = policy.call(entry, event);
    if (!isPromise(result)) {
      accept(entry, result, event);
      return null;
    }
  } catch (error) {
    entry.busy = true;
    return undo(entry, event, error, policy);
  }
  entry.busy = true;
  return foldLater(entry, result, event, policy);
}

async function foldLater(
  entry: Entry,
  result: Promise<unknown>,
  event: DecodedEvent,
  policy: FoldPolicy,
): Promise<readonly Refusal[]> {
  const outcome = await policy.budget(result);
  if (outcome.kind === 'late') return undoLate(entry, event, policy);
  if (outcome.kind === 'failed') return undo(entry, event, outcome.error, policy);
  try {
    accept(entry, outcome.value, event);
    entry.busy = false;
    return NONE;
  } catch (error) {
    return undo(entry, event, error, policy);
  }
}

/** A reducer that is late may still hold the state and change it: nobody will look at those objects again. */
function undoLate(entry: Entry, event: DecodedEvent, policy: FoldPolicy): Promise<readonly Refusal[]> {
  const { folded } = entry;
  const start = { to: folded.length, bad: null, late: folded.length };
  return again(entry, [...folded, event], policy, start);
}

async function undo(
  entry: Entry,
  event: DecodedEvent,
  error: unknown,
  policy: FoldPolicy,
): Promise<readonly Refusal[]> {
  const { folded } = entry;
  if (folded.length > 0)
    // It may have thrown for nothing but what an event before it had left, so it has its turn again.
    return again(entry, [...folded, event], policy, { to: folded.length, bad: null, late: null });
  reopen(entry);
  entry.busy = false;
  return [thrownRefusal(event.offset, error)];
}

async function again(
  entry: Entry,
  events: readonly DecodedEvent[],
  policy: FoldPolicy,
  start: RefoldStart,
): Promise<readonly Refusal[]> {
  const refused = await refold(entry, events, policy, start);
  entry.busy = false;
  return refused;
}

/**
 * Settles an entry, which is needed before it can be written: what is refused because the state it led to cannot be
 * stored is found here. Empty for almost every entry.
 */
export function checkEntry(
  entry: Entry,
  policy: FoldPolicy,
): readonly Refusal[] | Promise<readonly Refusal[]> {
  const { folded } = entry;
  if (folded.length === 0) return NONE;
  const { kind } = settle(entry, policy.maxStateBytes, folded.length === 1);
  return kind === 'settled' ? NONE : again(entry, folded, policy, { to: 1, bad: folded.length, late: null });
}
