import type { Module, ModuleReducer } from '../../../services/shared/module.ts';
import {
  type AppendList,
  isSplit,
  type LearningEvent,
  type LongObject,
  unchanged,
} from '../../../services/shared/reducer-api.ts';
import type { Kind } from './events.ts';
import type { Machine } from './machine.ts';
import { FORMS, isUpset, type ReducerSpec, SCOPES, type State } from './reducers.ts';

/** A module of a script. */
export interface ModuleSpec {
  readonly name: string;
  readonly reducers: readonly ReducerSpec[];
}

/** All sources that there may be. */
export const SOURCES = ['org.test', 'org.other'] as const;

export function contextsOf({ reducers }: Pick<ModuleSpec, 'reducers'>): readonly string[] {
  return SOURCES.filter((source) => reducers.some(({ contexts }) => contexts.includes(source)));
}

/** Whether its events come under the keys of its states, because these stand in several partitions or topics. */
export function isRekeyed({ scope, contexts }: ReducerSpec): boolean {
  return contexts.length > 1 || scope === 'doc' || scope === 'class';
}

export function moduleId({ name }: ModuleSpec): string {
  return `${name}.v1`;
}

export function reducerId({ name }: ModuleSpec, index: number): string {
  return `${name}.r${index}`;
}

const never = new Promise<never>(() => undefined);

/** Puts into a state what JSON has no word for. */
function spoil(result: unknown): unknown {
  if (result === unchanged) return result;
  if (result instanceof Promise) return result.then(spoil);
  const state = isSplit(result) ? result.internal : result;
  if (state !== unchanged) (state as State).fleeting = Number.NaN;
  return result;
}

/** What a reducer did to its state before it failed must not be seen again. */
function damage(state: State | AppendList | LongObject): void {
  const { append, clear } = state as Partial<AppendList & LongObject>;
  if (typeof append === 'function') (state as AppendList).append('damaged');
  else if (typeof clear === 'function') (state as LongObject).clear();
  else (state as State).damaged = true;
}

function reduceOf(spec: ReducerSpec, machine: Machine) {
  const { reduce } = FORMS[spec.form];
  return (event: LearningEvent, state: State): unknown => {
    const kind = event.client.event as Kind;
    if ('garbage' in state) throw new Error('the reducer finds garbage in its state');
    if (!spec.minds.includes(kind)) return reduce(event, state as never, machine);
    if (kind === 'garbage') return { garbage: Number.NaN };
    if (kind === 'fleeting') return spoil(reduce(event, state as never, machine));
    if (kind === 'fickle' && !isUpset(state)) return reduce(event, state as never, machine);
    damage(state);
    if (kind === 'hangs') return never;
    if (kind === 'kills') {
      machine.kill();
      return never;
    }
    throw new Error(`the reducer minds ${kind}`);
  };
}

/** The module as one process of the world loads it. */
export function buildModule(spec: ModuleSpec, machine: Machine): Module {
  const reducers = spec.reducers.map(
    (reducer, index) =>
      ({
        id: reducerId(spec, index),
        name: `r${index}`,
        contexts: reducer.contexts,
        rekeyed: isRekeyed(reducer),
        scope: SCOPES[reducer.scope],
        nullState: FORMS[reducer.form].nullState,
        stateType: FORMS[reducer.form].stateType,
        default: null,
        reduce: reduceOf(reducer, machine),
      }) as unknown as ModuleReducer,
  );
  return {
    name: spec.name,
    version: 1,
    id: moduleId(spec),
    reducers,
    contexts: contextsOf(spec),
    rekeyed: spec.reducers.some(isRekeyed),
    hash: 'h',
  } as Module;
}
