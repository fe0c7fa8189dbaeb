import { LecternError, messageOf } from '../shared/errors.ts';
import type { ModuleReducer } from '../shared/module.ts';
import { HIDDEN, stateField } from '../shared/state-key.ts';
import { jsonState } from '../shared/state-types/json.ts';
import { jsonText } from '../shared/state-types/json-text.ts';
import { partField } from '../shared/state-types/part-field.ts';
import type { Part, PartRange, StateType } from '../shared/state-types/state-type.ts';
import type { DecodedEvent } from './decode.ts';

/**
 * What queries see: as stored (undefined), the internal state (null), nothing (HIDDEN), or a state of its own. Its text
 * is null until it is settled.
 */
export type External =
  | { readonly value: unknown; readonly text: string | null }
  | typeof HIDDEN
  | null
  | undefined;

/**
 * The state of one reducer for one key, in memory: one that is settled, as texts, and its value with the events since
 * folded into it.
 */
export interface Entry {
  readonly reducer: ModuleReducer;
  readonly key: string;
  /** Where its internal state is stored. */
  readonly field: string;
  readonly type: StateType;
  value: unknown;
  /** What of the value was changed in place, for types that can tell: see `StateType.version`. */
  version: number;
  external: External;
  /** Events folded since the state was settled, from which the value can be made again. */
  folded: readonly DecodedEvent[];
  /** The settled internal state; null for a key that has none. */
  text: string | null;
  /** Parts of the settled state that are not stored yet. */
  parts: readonly Part[];
  /** How the stored text begins, of types that go on from it; null for a key that has none. */
  length: string | null;
  /** The parts that go with the stored text. */
  stored: PartRange;
  settledExternal: External;
  /** Whether something else than the internal state is stored for queries. */
  externalStored: boolean;
  /** Whether the settled state is not stored yet. */
  unsaved: boolean;
  /** Whether a fold of it has not ended yet. */
  busy: boolean;
  // What the cache notes.
  isDirty: boolean;
  /** The number of the cut that it was last part of. */
  cut: number;
  /** Its parts that count for dirty fields. */
  countedParts: number;
  /** The length of its text when that was last counted. */
  textLength: number;
}

export interface StoredTexts {
  readonly internal: string | null;
  readonly external: string | null;
}

/** What an entry has most of the time: with one for all, a checkpoint makes no lists anew. */
const NO_EVENTS: readonly DecodedEvent[] = [];
const NO_PARTS: readonly Part[] = [];
const NOTHING: PartRange = { from: 0, to: 0 };

/** Throws UNIT_STOPPED when what is stored is no state of the reducer's type. */
export function createEntry(reducer: ModuleReducer, key: string, stored: StoredTexts): Entry {
  const type = reducer.stateType ?? jsonState;
  const value = openStored(reducer, type, stored.internal);
  return {
    reducer,
    key,
    field: stateField('Internal', reducer.id, key),
    type,
    value,
    version: type.version(value),
    external: undefined,
    folded: NO_EVENTS,
    text: stored.internal,
    parts: NO_PARTS,
    length: stored.internal === null ? null : type.lengthOf(stored.internal),
    stored: stored.internal === null ? NOTHING : type.partRange(stored.internal),
    settledExternal: undefined,
    externalStored: stored.external !== null,
    unsaved: false,
    busy: false,
    isDirty: false,
    cut: 0,
    countedParts: 0,
    textLength: stored.internal?.length ?? 0,
  };
}

function openStored(reducer: ModuleReducer, type: StateType, text: string | null): unknown {
  try {
    return type.open(text, reducer.nullState);
  } catch (error) {
    // A parser's message quotes what it read, which is about a learner.
    const what = error instanceof SyntaxError ? 'it is not JSON' : messageOf(error);
    throw new LecternError(
      'UNIT_STOPPED',
      `a stored state of ${reducer.id} cannot be read: ${what}; something else wrote to the store: empty the unit there, and it is built anew`,
    );
  }
}

/** Notes an event that was folded into the value. */
export function addFolded(entry: Entry, event: DecodedEvent): void {
  const { folded } = entry;
  // A list for one is made small: most states get one event or two until the next checkpoint.
  if (folded.length === 0) entry.folded = [event];
  else (folded as DecodedEvent[]).push(event);
}

/** Goes back to the settled state, in objects that nobody has had before. */
export function reopen(entry: Entry): void {
  entry.value = entry.type.open(entry.text, entry.reducer.nullState);
  entry.version = entry.type.version(entry.value);
  entry.external = entry.settledExternal;
  entry.folded = NO_EVENTS;
}

/**
 * `settled`: the state is in texts now, and the value is what they give back. `differs`: the value is JSON, but a
 * reducer could tell it from what a restart would read; nothing was changed.
 */
export type Settling =
  | { readonly kind: 'settled' }
  | { readonly kind: 'differs' }
  | { readonly kind: 'fault'; readonly reason: string };

const SETTLED = { kind: 'settled' } as const;
const DIFFERS = { kind: 'differs' } as const;

function sizeFault(text: string, maxBytes: number, what: string): string | null {
  if (text.length * 3 <= maxBytes) return null;
  const bytes = Buffer.byteLength(text);
  return bytes <= maxBytes ? null : `${what} has ${bytes} bytes of JSON, ${maxBytes} at most`;
}

/** Gives an external state its text, if it can have one. */
function externalFault(entry: Entry, maxBytes: number): string | null {
  const { external } = entry;
  if (external === HIDDEN || external === null || external === undefined) return null;
  if (external.text === null) {
    const written = jsonText(external.value);
    if (written.kind === 'fault') return `the external state is not JSON: ${written.reason}`;
    entry.external = { value: null, text: written.text };
    return sizeFault(written.text, maxBytes, 'the external state');
  }
  return sizeFault(external.text, maxBytes, 'the external state');
}

/** Fixes the external state as it is now, before another event can change what it shares with the internal one. */
export function fixExternal(entry: Entry): void {
  externalFault(entry, Number.POSITIVE_INFINITY);
}

/**
 * Puts the state into texts. With `renew`, which is for a single event, a value that a restart would not read back is
 * replaced by the one that it would. After anything but `settled` the value is good for nothing but `reopen`.
 */
export function settle(entry: Entry, maxBytes: number, renew: boolean): Settling {
  const { type } = entry;
  // Whatever is in the value came from events that were refused.
  if (entry.folded.length === 0) {
    reopen(entry);
    return SETTLED;
  }
  const written = type.settle(entry.value);
  if (written.kind === 'fault') return { kind: 'fault', reason: `the state is not JSON: ${written.reason}` };
  const fault =
    sizeFault(written.text, type.maxBytes ?? maxBytes, 'the state') ?? externalFault(entry, maxBytes);
  if (fault !== null) return { kind: 'fault', reason: fault };
  if (!written.same && !renew) return DIFFERS;
  entry.text = written.text;
  if (written.parts.length > 0) entry.parts = [...entry.parts, ...written.parts];
  entry.settledExternal = entry.external;
  entry.folded = NO_EVENTS;
  entry.unsaved = true;
  if (!written.same) reopen(entry);
  return SETTLED;
}

/** The fields of a checkpoint, and what it expects of those that are stored: see `Checkpoint`. */
export interface Written {
  readonly states: Map<string, string | null>;
  readonly lengths: Map<string, string | null>;
}

/** Checkpoints follow one another: what this one writes is what the next one finds. */
function writeLength(entry: Entry, lengths: Written['lengths']): void {
  const length = entry.type.lengthOf(entry.text!);
  if (length === null) return;
  lengths.set(entry.field, entry.length);
  entry.length = length;
}

/** Those of before that went are removed, those that came and went since the last checkpoint are not stored at all. */
function writeParts(entry: Entry, states: Written['states']): number {
  const { reducer, key, parts, stored } = entry;
  if (reducer.stateType === undefined) return 0;
  const range = entry.type.partRange(entry.text!);
  for (let index = stored.from; index < Math.min(range.from, stored.to); index++)
    states.set(partField(reducer.id, key, index), null);
  entry.stored = range;
  let length = 0;
  for (const { index, text } of parts) {
    if (index < range.from) continue;
    states.set(partField(reducer.id, key, index), text);
    length += text.length;
  }
  if (parts.length > 0) entry.parts = NO_PARTS;
  return length;
}

/** Adds what is settled and not stored yet to a checkpoint; gives how many characters it added. */
export function writeEntry(entry: Entry, { states, lengths }: Written): number {
  if (!entry.unsaved) return 0;
  const { reducer, key, field, external } = entry;
  const internal = entry.text!;
  states.set(field, internal);
  writeLength(entry, lengths);
  let length = internal.length + writeParts(entry, states);
  if (external !== undefined && (external !== null || entry.externalStored)) {
    const text = external === null || external === HIDDEN ? external : external.text!;
    states.set(stateField('External', reducer.id, key), text);
    entry.externalStored = text !== null;
    length += text?.length ?? 0;
  }
  entry.external = undefined;
  entry.settledExternal = undefined;
  entry.unsaved = false;
  return length;
}
