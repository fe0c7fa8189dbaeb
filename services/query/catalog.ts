import { type Module, type ModuleReducer, scopeFieldNames } from '../shared/module.ts';
import { eventFieldName } from '../shared/state-key.ts';

/** A field of a reducer's scope, as a request names it and as state keys do. */
export interface Parameter {
  /** `STUDENT`, `doc_id`. */
  readonly name: string;
  /** `STUDENT`, `EventField.doc_id`. */
  readonly field: string;
}

/** A reducer that can be asked, with its module. */
export interface Target {
  readonly module: Module;
  readonly reducer: ModuleReducer;
  /** What names one of its states; STUDENT first. */
  readonly parameters: readonly Parameter[];
}

export interface Catalog {
  readonly modules: readonly { readonly module: Module; readonly targets: readonly Target[] }[];
  /** Every reducer's id, sorted. */
  readonly ids: readonly string[];
  find(id: string): Target | undefined;
}

function parametersOf(reducer: ModuleReducer): readonly Parameter[] {
  const prefix = eventFieldName('');
  return scopeFieldNames(reducer.scope)
    .map((field) => ({ field, name: field.startsWith(prefix) ? field.slice(prefix.length) : field }))
    .sort((a, b) => Number(b.name === 'STUDENT') - Number(a.name === 'STUDENT'));
}

/** What can be asked for, by the ids that queries use. */
export function createCatalog(modules: readonly Module[]): Catalog {
  const listed = modules.map((module) => ({
    module,
    targets: module.reducers.map((reducer) => ({ module, reducer, parameters: parametersOf(reducer) })),
  }));
  const byId = new Map(listed.flatMap(({ targets }) => targets.map((target) => [target.reducer.id, target])));
  return { modules: listed, ids: [...byId.keys()].sort(), find: (id) => byId.get(id) };
}
