/**
 * What authors of reducers import, as `lectern/reducers`.
 *
 * A reducer folds the events of one key into a state. It is a function of that state and the event alone: the same
 * events in the same order give the same state, today, in a replay and after a crash. So `event.server.time` is its
 * only clock, and it keeps nothing outside the state.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Who sent an event, as the gateway found out. A client cannot set it. */
export interface Auth {
  readonly sec: string;
  readonly user_id: string;
  readonly providence: string;
  readonly safe_user_id: string;
}

/** An event as a reducer receives it. Read-only. */
export interface LearningEvent {
  /** The frame that the client sent, with its locked fields. */
  readonly client: {
    readonly event: string;
    readonly source: string;
    readonly auth: Auth;
    // biome-ignore lint/suspicious/noExplicitAny: a client's fields are whatever its sender puts there
    readonly [field: string]: any;
  };
  readonly server: {
    /** Seconds since 1970, with a fraction. */
    readonly time: number;
    readonly origin?: string | null;
    readonly agent?: string | null;
    readonly ip?: string | null;
    readonly executable?: string | null;
  };
  readonly metadata: { readonly auth: Auth; readonly [field: string]: unknown };
}

export const KeyField = {
  STUDENT: 'STUDENT',
  CLASS: 'CLASS',
  RESOURCE: 'RESOURCE',
  TEACHER: 'TEACHER',
} as const;
export type KeyField = (typeof KeyField)[keyof typeof KeyField];

/** A key field that is read from the event: a dotted path below `client`. */
export interface EventField {
  readonly path: string;
}

export function eventField(path: string): EventField {
  return { path };
}

/** The fields that tell a reducer's states apart; their order does not matter. */
export type Scope = readonly (KeyField | EventField)[];

export function Scope(fields: readonly (KeyField | EventField)[]): Scope {
  return fields;
}

/**
 * Returned by a reducer that an event does not concern: nothing is written. It must not have changed its state then. With
 * plain JSON nobody notices if it did: the change stays in memory, is stored with the next event that is not `unchanged`,
 * and is gone if the state is read or folded again before, so that the same events no longer give the same state. With an
 * `appendList` the event becomes a dead letter.
 */
export const unchanged: unique symbol = Symbol.for('lectern.unchanged');

// Of the global registry, so that a module with its own copy of this file means the same.
const split: unique symbol = Symbol.for('lectern.split');

/** A reducer's two states: what it goes on from, and what queries and dashboards see. */
export interface SplitState<S> {
  readonly [split]: true;
  readonly internal: S | typeof unchanged;
  readonly external: Json | typeof unchanged;
}

/** Returned instead of a state by a reducer whose readers see something else than it continues from. */
export function states<S>(internal: S | typeof unchanged, external: Json | typeof unchanged): SplitState<S> {
  return { [split]: true, internal, external };
}

export function isSplit(value: unknown): value is SplitState<unknown> {
  return typeof value === 'object' && value !== null && split in value;
}

export type Reduced<S> = S | SplitState<S> | typeof unchanged;

/**
 * Folds one event into the state, which it may change in place and return. `nullState` is what the first event of a
 * key finds, a fresh copy each time. Throwing costs that event in this reducer, as a dead letter.
 */
export type ReduceFunction<S> = (event: LearningEvent, state: S) => Reduced<S> | Promise<Reduced<S>>;

/** Another kind of state than plain JSON, with what a reducer gets to hold of it. */
export interface DeclaredStateType<S> {
  readonly stateTypeName: string;
  /** For the compiler alone. */
  readonly held?: S;
}

/**
 * A list of JSON items that only grows. An event costs what it appends, however long the list is; up to 64 MiB of JSON.
 * Queries see a plain array.
 */
export interface AppendList {
  readonly length: number;
  /** Throws when the item is not JSON, or the list is full. */
  append(item: Json): void;
  /** Copies of the last items, at most `count`, which is 8 or less: no more are kept in memory. Throws for more. */
  last(count: number): readonly Json[];
}

/** A reducer with `stateType: appendList` appends to the list that it gets, and returns it. */
export const appendList: DeclaredStateType<AppendList> = { stateTypeName: 'append_list' };

/** A text of a `LongObject`. Indexes and lengths are in UTF-16 units, as those of strings. */
export interface LongText {
  readonly length: number;
  /**
   * Takes out so many characters at an index, and puts others in there, so many times one after another, once unless
   * told. Throws a RangeError when it is not within the text, or this would be too long.
   */
  splice(index: number, taken: number, put?: string, times?: number): void;
}

/** A list of a `LongObject`. */
export interface LongList {
  readonly length: number;
  /** Throws when the item is not JSON. */
  append(item: Json): void;
}

/**
 * A JSON object of which some members are long: texts that are edited anywhere, and lists that only grow. An event costs
 * what it changes, however long they are; up to 64 MiB of JSON since it was last cleared, 16 Mi characters a text. A
 * reducer sees no more of the long members than their lengths; queries see a plain object. Names may be any strings.
 */
export interface LongObject {
  /** A copy of what is there under some names, one within another, and undefined for nothing. Not for long members. */
  get(...path: string[]): Json | undefined;
  /** Not for long members. */
  set(path: readonly string[], value: Json): void;
  /** The text that is there, or begins to be. */
  text(...path: string[]): LongText;
  list(...path: string[]): LongList;
  /** Goes back to the null state. Texts and lists must be asked for again. */
  clear(): void;
}

/** A reducer with `stateType: longObject` changes the object that it gets, and returns it. */
export const longObject: DeclaredStateType<LongObject> = { stateTypeName: 'long_object' };

export interface ReducerFunction<S = unknown> {
  /** snake_case: how queries name it, after its module. */
  readonly reducerName: string;
  /** As JSON; with a state type, what queries would see of it. */
  readonly nullState: unknown;
  /** Undefined for plain JSON. */
  readonly stateType: DeclaredStateType<S> | undefined;
  /** The scope it was declared with; an entry of REDUCERS may name it again. */
  readonly scope: Scope | undefined;
  readonly reduce: ReduceFunction<S>;
}

interface Declaration {
  readonly scope?: Scope;
  /** Needed only when the function has no name of its own. */
  readonly name?: string;
}

export interface ReducerOptions<S> extends Declaration {
  readonly nullState: S;
  readonly stateType?: undefined;
}

/** Of a reducer whose state is not plain JSON. */
export interface TypedReducerOptions<S> extends Declaration {
  /** As queries would see it: `[]` for an appendList, an object for a longObject. */
  readonly nullState: Json;
  readonly stateType: DeclaredStateType<S>;
}

type AnyOptions<S> = ReducerOptions<S> | TypedReducerOptions<S>;

function toSnakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

/** Declares a reducer; its scope is given here or by its entry in REDUCERS. */
export function reducer<S>(options: TypedReducerOptions<S>, reduce: ReduceFunction<S>): ReducerFunction<S>;
export function reducer<S>(options: ReducerOptions<S>, reduce: ReduceFunction<S>): ReducerFunction<S>;
export function reducer<S>(options: AnyOptions<S>, reduce: ReduceFunction<S>): ReducerFunction<S> {
  return {
    reducerName: toSnakeCase(options.name ?? reduce.name),
    nullState: options.nullState,
    stateType: options.stateType,
    scope: options.scope,
    reduce,
  };
}

type WithoutScope<O> = Omit<O, 'scope'>;

/** Declares a reducer with one state a student. */
export function studentEventReducer<S>(
  options: WithoutScope<TypedReducerOptions<S>>,
  reduce: ReduceFunction<S>,
): ReducerFunction<S>;
export function studentEventReducer<S>(
  options: WithoutScope<ReducerOptions<S>>,
  reduce: ReduceFunction<S>,
): ReducerFunction<S>;
export function studentEventReducer<S>(
  options: WithoutScope<AnyOptions<S>>,
  reduce: ReduceFunction<S>,
): ReducerFunction<S> {
  return reducer({ ...options, scope: Scope([KeyField.STUDENT]) } as ReducerOptions<S>, reduce);
}

/** An entry of a module's REDUCERS. */
export interface ReducerEntry {
  /** The source, or sources, of the events that it gets. */
  readonly context: string | readonly string[];
  readonly scope?: Scope;
  // biome-ignore lint/suspicious/noExplicitAny: entries of different state types stand in one list
  readonly function: ReducerFunction<any>;
  /** What a query is told for a key without a state. */
  readonly default?: Json;
}
