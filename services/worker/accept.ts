import { isSplit, type SplitState, unchanged } from '../shared/reducer-api.ts';
import { HIDDEN } from '../shared/state-key.ts';
import type { DecodedEvent } from './decode.ts';
import { addFolded, type Entry } from './entry.ts';

const NOT_RETURNED = 'the reducer returned undefined: return the new state, or unchanged';
const SAID_UNCHANGED = 'the reducer changed its state, but returned unchanged: return the state';

/**
 * Thrown when the events since the state was settled must be folded again, one by one: an external state that is to
 * stay may share objects with the internal one, which the reducer may have changed since.
 */
const foldAgain = new Error('the events since the last cut are to be folded again');

export function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

function acceptInternal(entry: Entry, returned: unknown): void {
  const { type } = entry;
  if (returned !== unchanged) entry.value = type.follow(entry.value, returned);
  else if (type.version(entry.value) !== entry.version) throw new TypeError(SAID_UNCHANGED);
  entry.version = type.version(entry.value);
}

function acceptExternal(entry: Entry, returned: unknown): void {
  const { external } = entry;
  if (returned !== unchanged) entry.external = { value: returned, text: null };
  // An author who keeps the two apart must not have the internal one shown for want of the other.
  else if (external === null || (external === undefined && !entry.externalStored)) entry.external = HIDDEN;
  else if (typeof external === 'object' && external.text === null && typeof external.value === 'object')
    throw foldAgain;
}

function acceptSplit(entry: Entry, result: SplitState<unknown>): void {
  acceptInternal(entry, result.internal);
  acceptExternal(entry, result.external);
}

/** Takes what a reducer returned for an event into the entry. Throws what makes it unacceptable. */
export function accept(entry: Entry, result: unknown, event: DecodedEvent): void {
  if (result === unchanged) {
    acceptInternal(entry, unchanged);
    return;
  }
  if (result === undefined) throw new TypeError(NOT_RETURNED);
  // Most reducers of plain JSON change their state in place, and return it.
  if (isSplit(result)) acceptSplit(entry, result);
  else {
    acceptInternal(entry, result);
    entry.external = null;
  }
  addFolded(entry, event);
}
