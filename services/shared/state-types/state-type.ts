import type { Json } from '../reducer-api.ts';

/** A piece of a state that is stored in a field of its own, beside the head. Once stored it is never another. */
export interface Part {
  /** From 0. */
  readonly index: number;
  readonly text: string;
}

export interface PartRange {
  readonly from: number;
  readonly to: number;
}

/**
 * What to store of a state, or why it cannot be stored. `same` tells whether the value in memory is the one that a
 * restart would read back, in every respect that a reducer could notice.
 */
export type Settled =
  | { readonly kind: 'ok'; readonly text: string; readonly parts: readonly Part[]; readonly same: boolean }
  | { readonly kind: 'fault'; readonly reason: string };

/**
 * How a kind of state lives in memory and in the store. A state is stored as a head, one text, and any number of parts.
 * The worker needs the head alone to go on; queries need the parts too, where there are any.
 *
 * What a type does is a function of what reducers did with the value, never of when it was opened or settled: else a
 * restart would change states.
 */
export interface StateType<Value = unknown> {
  /** What is hashed: states of one type are not those of another. */
  readonly name: string;
  /** The largest text of a head, in bytes; null for what the installation allows. */
  readonly maxBytes: number | null;
  /** What is wrong with a null state, with its remedy; null when nothing is. */
  nullFault(nullState: unknown): string | null;
  /**
   * The value for a reducer, which nobody else has: of a stored head, or of a key that has none yet. Throws when the
   * head is not one that this type made; the message quotes nothing of it.
   */
  open(head: string | null, nullState: Json): Value;
  /** The value that follows, of what the reducer returned. Throws a TypeError, for the author, when it cannot. */
  follow(value: Value, returned: unknown): Value;
  /** Changes whenever the value was changed in place, where the type can tell; else always 0. */
  version(value: Value): number;
  /** How many parts `settle` would give now, and how many that are stored it would have removed. */
  waitingParts(value: Value): number;
  /** The head, and the parts that came since the value was opened or last settled, which are the caller's now. */
  settle(value: Value): Settled;
  /** The parts that a stored head goes with, `to` not among them. Those before `from` went, and never come again. */
  partRange(head: string): PartRange;
  /**
   * How a stored head begins, which says what it goes with: parts are never put beside a head that begins in another way.
   * Null for a type without parts, whose texts are written anew as a whole.
   */
  lengthOf(head: string): string | null;
  /** What queries see, as JSON. Throws when the parts are not those of the head. */
  plain(head: string, parts: readonly (string | null)[]): string;
}
