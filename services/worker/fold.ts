import { messageOf } from '../shared/errors.ts';
import type { ModuleReducer } from '../shared/modules.ts';
import { isSplit, unchanged } from '../shared/reducer-api.ts';
import { HIDDEN } from '../shared/state-key.ts';
import type { DecodedEvent } from './decode.ts';
import { checkJson } from './json.ts';

/** An event that a reducer refused. */
export interface Refusal {
  readonly offset: number;
  readonly reason: string;
  readonly stack?: string;
}

export interface StoredTexts {
  readonly internal: string | null;
  readonly external: string | null;
}

/** The state of one reducer for one key, in memory. */
export interface Entry {
  readonly reducer: ModuleReducer;
  readonly key: string;
  /** The internal state as JSON text at the last cut; null when there was none. */
  text: string | null;
  value: unknown;
  /** What queries see: as stored (undefined), the internal state (null), or a state of its own. */
  external: { readonly value: unknown } | typeof HIDDEN | null | undefined;
  /** Whether something else than the internal state is stored for queries. */
  externalStored: boolean;
  /** Events folded since the last cut, from which a state can be made again. */
  readonly folded: DecodedEvent[];
}

export function createEntry(reducer: ModuleReducer, key: string, stored: StoredTexts): Entry {
  return {
    reducer,
    key,
    text: stored.internal,
    value: startOf(reducer, stored.internal),
    external: undefined,
    externalStored: stored.external !== null,
    folded: [],
  };
}

function startOf(reducer: ModuleReducer, text: string | null): unknown {
  return JSON.parse(text ?? JSON.stringify(reducer.nullState));
}

const NOT_RETURNED = 'the reducer returned undefined: return the new state, or unchanged';

function accept(entry: Entry, result: unknown, event: DecodedEvent): void {
  if (result === unchanged) return;
  if (result === undefined) throw new TypeError(NOT_RETURNED);
  if (!isSplit(result)) {
    entry.value = result;
    entry.external = null;
  } else {
    if (result.internal !== unchanged) entry.value = result.internal;
    if (result.external !== unchanged) entry.external = { value: result.external };
    // An author who keeps the two apart must not have the internal one shown for want of the other.
    else if (!entry.externalStored) entry.external ??= HIDDEN;
  }
  entry.folded.push(event);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

const MAX_REASON = 2_000;
const MAX_STACK = 8_000;

function refusal(offset: number, error: unknown): Refusal {
  const reason = messageOf(error).slice(0, MAX_REASON);
  const stack: unknown = error instanceof Error ? error.stack : undefined;
  return { offset, reason, ...(typeof stack === 'string' ? { stack: stack.slice(0, MAX_STACK) } : {}) };
}

/**
 * Folds one event into an entry. Null when a synchronous reducer took it. Otherwise resolves to the events that are
 * refused: none, this one, or besides it those since the last cut that had led to a state that is not JSON. The state
 * is then as if they had never been.
 */
export function fold(entry: Entry, event: DecodedEvent): null | Promise<readonly Refusal[]> {
  try {
    const result = entry.reducer.reduce(event.fresh(), entry.value) as unknown;
    if (isPromise(result)) return foldLater(entry, result, event);
    accept(entry, result, event);
    return null;
  } catch (error) {
    return undo(entry, event, error);
  }
}

async function foldLater(
  entry: Entry,
  result: Promise<unknown>,
  event: DecodedEvent,
): Promise<readonly Refusal[]> {
  try {
    accept(entry, await result, event);
    return [];
  } catch (error) {
    return undo(entry, event, error);
  }
}

async function undo(entry: Entry, event: DecodedEvent, error: unknown): Promise<readonly Refusal[]> {
  return [...(await refold(entry)), refusal(event.offset, error)];
}

/** Replaces the states of an entry by what JSON keeps of them, or throws what keeps one from being JSON. */
function settle(entry: Entry): void {
  const { external } = entry;
  const internal = checkJson(entry.value);
  if (internal.kind !== 'ok') throw new TypeError(`the state is not JSON: ${internal.reason}`);
  entry.value = internal.value;
  if (external === HIDDEN || external === null || external === undefined) return;
  const checked = checkJson(external.value);
  if (checked.kind !== 'ok') throw new TypeError(`the external state is not JSON: ${checked.reason}`);
  entry.external = { value: checked.value };
}

/**
 * Makes the state again from the last cut's text and the events since, one by one: every step must give JSON, and an
 * event that does not is refused.
 */
async function refold(entry: Entry): Promise<Refusal[]> {
  const again = entry.folded.splice(0);
  const refused: Refusal[] = [];
  entry.value = startOf(entry.reducer, entry.text);
  entry.external = undefined;
  for (const event of again) {
    const before = JSON.stringify(entry.value);
    const external: Entry['external'] = entry.external;
    try {
      accept(entry, await entry.reducer.reduce(event.fresh(), entry.value), event);
      settle(entry);
    } catch (error) {
      if (entry.folded.at(-1) === event) entry.folded.pop();
      refused.push(refusal(event.offset, error));
      entry.value = JSON.parse(before);
      entry.external = external;
    }
  }
  return refused;
}

/** What is refused at a cut because the state it led to is not JSON; empty for almost every entry. */
export function checkEntry(entry: Entry): readonly Refusal[] | Promise<readonly Refusal[]> {
  try {
    settle(entry);
    return [];
  } catch {
    return refold(entry);
  }
}

export interface CutEntry {
  readonly internal: string;
  /** Null removes the stored one; undefined leaves it. */
  readonly external: string | null | undefined;
}

function externalText(external: Entry['external'], stored: boolean): CutEntry['external'] {
  if (external === undefined || (external === null && !stored)) return undefined;
  return external === null || external === HIDDEN ? external : JSON.stringify(external.value);
}

/** The texts to checkpoint of a checked entry, which from then on is clean; null when there is nothing to write. */
export function cutEntry(entry: Entry): CutEntry | null {
  if (entry.folded.length === 0) return null;
  const internal = JSON.stringify(entry.value);
  const external = externalText(entry.external, entry.externalStored);
  entry.text = internal;
  entry.folded.length = 0;
  entry.external = undefined;
  if (external !== undefined) entry.externalStored = external !== null;
  return { internal, external };
}
