import type { Json, ReduceFunction, Scope } from './reducer-api.ts';
import { eventFieldName } from './state-key.ts';
import type { StateType } from './state-types/state-type.ts';

export interface ModuleReducer {
  /** `<NAME>.<reducer name>`: how queries name it. */
  readonly id: string;
  readonly name: string;
  /** The sources of its events. */
  readonly contexts: readonly string[];
  readonly scope: Scope;
  /**
   * Whether its events come through the module's rekey topic, under the scope's key: the events of one of its states
   * stand in several partitions or topics, because its scope lacks STUDENT or it has several contexts.
   */
  readonly rekeyed: boolean;
  /** Shared: give a reducer a copy, because it may change its state in place. */
  readonly nullState: Json;
  /** The answer to a query for a key without a state. */
  readonly default: Json;
  readonly reduce: ReduceFunction<unknown>;
  /** Absent for plain JSON. */
  readonly stateType?: StateType;
}

/** A module that was loaded and found right. */
export interface Module {
  readonly name: string;
  readonly version: number;
  /** `<NAME>.v<VERSION>`: names its units and, in a namespace, its consumer group. */
  readonly id: string;
  /** In REDUCERS order, which is the order in which they see an event. */
  readonly reducers: readonly ModuleReducer[];
  /** The sources of all its reducers, sorted. */
  readonly contexts: readonly string[];
  /** Whether any of its reducers is. */
  readonly rekeyed: boolean;
  /** Changes with whatever must not change under one VERSION: `reducersHash` of its units' facts. */
  readonly hash: string;
}

/** The names that a scope's fields have in state keys, sorted: `EventField.doc_id`, `STUDENT`. */
export function scopeFieldNames(scope: Scope): readonly string[] {
  return scope.map((field) => (typeof field === 'string' ? field : eventFieldName(field.path))).sort();
}

/** The sources whose events a module's rekey topic gets, sorted. */
export function rekeyedContexts({ reducers }: Pick<Module, 'reducers'>): readonly string[] {
  return [...new Set(reducers.filter(({ rekeyed }) => rekeyed).flatMap(({ contexts }) => contexts))].sort();
}
