/**
 * The state store: for each unit its position in the log, its states and its open dead letters, changed together.
 *
 * A state is one field of its unit, a text under a name that `state-key.ts` makes. Everything of a unit is read and
 * written under its identity, so two versions of a module never meet.
 */

/** What is claimed, checkpointed and moved as one: (module version, topic, partition). */
export interface Unit {
  /** `<module name>.v<VERSION>`. */
  readonly module: string;
  readonly topic: string;
  readonly partition: number;
}

/** What must not change under a unit. A claim keeps the first and returns it ever after. */
export interface UnitFacts {
  readonly formatVersion: number;
  readonly partitions: number;
  /** Hash over the reducers' names, scopes, null states and settings. */
  readonly reducersHash: string;
}

/** The record before a position, by which a log that was made anew under the old name is noticed. */
export interface Anchor {
  readonly offset: number;
  /** When the log appended it, in milliseconds. */
  readonly timestamp: number;
  /** The event's id; null when the record was no event. */
  readonly id: string | null;
}

/** One event in one reducer. */
export interface Attempt {
  readonly offset: number;
  readonly reducer: string;
}

export interface Claim {
  /** Where to go on; null when nothing was ever checkpointed. */
  readonly next: number | null;
  /** The facts stored at the first claim. When they differ from the caller's, the claim changed nothing. */
  readonly facts: UnitFacts;
  /** Of the record before `next`, as the checkpoint gave it. */
  readonly anchor: Anchor | null;
  /** The log's end when a claim first found no position: below it the states are being rebuilt. */
  readonly target: number | null;
  /**
   * Processes in a row, with this one, that claimed since a checkpoint last moved the position, or said that there is
   * nothing beyond. One that lost its claim and claims again has not ended, and counts once.
   */
  readonly claims: number;
  /**
   * What was marked and not got through, and how many processes marked it; null without one. A process that ended before
   * it came to the mark is none of them.
   */
  readonly attempt: (Attempt & { readonly times: number }) | null;
}

/** Names a dead letter within its unit. */
export interface DeadLetterKey {
  /** `<NAME>.<reducer>`, or `<NAME>` for a record that no reducer of the module could be given. */
  readonly reducer: string;
  /** Of the event that was refused. */
  readonly offset: number;
}

/** An event that a reducer or the decoder refused. Holds no learner data beyond what the reason and stack say. */
export interface DeadLetter extends DeadLetterKey {
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
  readonly reason: string;
  readonly stack?: string;
}

/** Where the dead-letters topic has the whole of a dead letter. */
export interface DeadLetterCopy {
  readonly partition: number;
  readonly offset: number;
}

/** An open dead letter. Once it is copied to its topic the store keeps neither reason nor stack. */
export type OpenDeadLetter =
  | (DeadLetter & { readonly copy: null })
  | (Omit<DeadLetter, 'reason' | 'stack'> & { readonly copy: DeadLetterCopy });

export interface Checkpoint {
  /** The owner token of the claim that this continues. */
  readonly token: string;
  /** The stored offset that this follows: what the claim returned, or the previous checkpoint's `next`. */
  readonly expected: number | null;
  readonly next: number;
  /** Fields to write, well-formed Unicode as their texts; null removes one. */
  readonly states: ReadonlyMap<string, string | null>;
  /**
   * Of fields to write, how the text begins, with something, that must be stored until then; null where there must be none.
   * So a list, of which only what was appended is written, never goes on from another than the one it was appended to.
   */
  readonly lengths: ReadonlyMap<string, string | null>;
  /** To open; one that is open already is replaced. */
  readonly deadLetters: readonly DeadLetter[];
  /** To close; one that is not open is no fault. */
  readonly closed: readonly DeadLetterKey[];
  /** Of the record before `next`; null leaves what is stored. */
  readonly anchor: Anchor | null;
  /** When a fetch last found nothing beyond `next`, in milliseconds; null leaves what is stored. */
  readonly caughtUpAt: number | null;
  /** See `Position`; left out, it leaves what is stored. */
  readonly completeAt?: number;
}

/**
 * `done`: written now. `repeated`: this token's own write at or past `next` is already there, a command that was sent
 * twice. `refused`: nothing was changed; another owner claimed the unit, or the stored offset is not the expected one.
 * `altered`: nothing was changed; owner and offset are the expected ones, and the text of a field is not, so something
 * else than checkpoints wrote to the store.
 */
export type CheckpointReply =
  | { readonly status: 'done' | 'repeated' }
  | { readonly status: 'refused'; readonly because: 'token' | 'offset'; readonly stored: number | null }
  | { readonly status: 'altered'; readonly field: string };

export interface Position {
  /** Null when the unit was claimed, but nothing was checkpointed yet. */
  readonly next: number | null;
  /** See `Claim`: while `next` is below it, the states are not complete. */
  readonly target: number | null;
  readonly caughtUpAt: number | null;
  /**
   * Of a unit that is made of what other units publish: from this offset on its states have all of history. Null while
   * nobody knows it.
   */
  readonly completeAt: number | null;
  readonly partitions: number;
}

export interface StateEntry {
  readonly field: string;
  readonly value: string;
}

/** Fields of a unit that changed; a hint that may be lost, repeated or late. */
export interface Hint {
  readonly unit: Unit;
  readonly fields: readonly string[];
}

export interface StateStore {
  /**
   * Makes `token`, of `createToken`, the owner of the unit; every earlier token's checkpoints are refused from now on.
   * Changes nothing when other facts are stored. `logEnd` becomes the target where nothing was ever checkpointed and none
   * is stored.
   */
  claim(unit: Unit, token: string, facts: UnitFacts, logEnd: number): Promise<Claim>;
  /**
   * Notes what the owner is about to reduce, for whoever claims after a crash. A checkpoint that moves the position
   * removes the note. False, and nothing changed, when the token is not the owner's.
   */
  mark(unit: Unit, token: string, attempt: Attempt): Promise<boolean>;
  /** One atomic compare-and-set of one unit. Rejects with STATE_FULL when the store has no room. */
  checkpoint(unit: Unit, checkpoint: Checkpoint): Promise<CheckpointReply>;
  /**
   * Empties the unit: no states, no dead letters, no position. Its owner and its facts stay, and the next claim builds it
   * anew. Until then, and until that is done, it is being rebuilt for whoever reads it. False, and nothing changed, when
   * the token is not the owner's.
   */
  reset(unit: Unit, token: string): Promise<boolean>;
  /** The texts of the fields in the order asked, null where there is none; one round trip. */
  readMany(unit: Unit, fields: readonly string[]): Promise<readonly (string | null)[]>;
  /** Null when the unit was never claimed. */
  position(unit: Unit): Promise<Position | null>;
  /** Every state of a unit in pages, no order promised; a field changed meanwhile may come twice. */
  entries(unit: Unit): AsyncIterable<readonly StateEntry[]>;
  /** Every open dead letter of a unit in pages, no order promised. */
  deadLetters(unit: Unit): AsyncIterable<readonly OpenDeadLetter[]>;
  /** The names of all of them, without what they say. */
  deadLetterKeys(unit: Unit): Promise<readonly DeadLetterKey[]>;
  /** Replaces reason and stack of those that are still open by where their copy is. */
  relayed(unit: Unit, copies: readonly (DeadLetterKey & { readonly copy: DeadLetterCopy })[]): Promise<void>;
  /**
   * Removes everything of a unit, as though nobody had ever claimed it: whoever owns it is refused from then on. It is gone
   * at once; what it takes longer holds up nobody, and goes on when the call is made again after a crash. A unit that has
   * nothing is no fault.
   */
  remove(unit: Unit): Promise<void>;
  /** Tells whoever watches that the fields changed. Costs next to nothing while nobody does. */
  announce(hint: Hint): Promise<void>;
  /** Calls `listener` for hints until the returned function is called. */
  watch(listener: (hint: Hint) => void): Promise<() => Promise<void>>;
  /** Resolves when the store answers; rejects with STATE_UNAVAILABLE. */
  check(): Promise<void>;
  close(): Promise<void>;
}
