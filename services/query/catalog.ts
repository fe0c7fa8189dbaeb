import { type Module, type ModuleReducer, scopeFieldNames } from '../shared/module.ts';
import { eventFieldName } from '../shared/state-key.ts';
import type { Shown, Versions } from './versions.ts';

/** A field of a reducer's scope, as a request names it and as state keys do. */
export interface Parameter {
  /** `STUDENT`, `doc_id`. */
  readonly name: string;
  /** `STUDENT`, `EventField.doc_id`. */
  readonly field: string;
}

/** A reducer that can be asked, with its module. */
export interface Target extends Shown {
  readonly reducer: ModuleReducer;
  /** What names one of its states; STUDENT first. */
  readonly parameters: readonly Parameter[];
}

/** What can be asked for at the moment, by the ids that queries use: of each module the version that is shown. */
export interface Catalog {
  modules(): readonly (Shown & { readonly targets: readonly Target[] })[];
  /** Every reducer's id, sorted. */
  ids(): readonly string[];
  find(id: string): Target | undefined;
}

function parametersOf(reducer: ModuleReducer): readonly Parameter[] {
  const prefix = eventFieldName('');
  return scopeFieldNames(reducer.scope)
    .map((field) => ({ field, name: field.startsWith(prefix) ? field.slice(prefix.length) : field }))
    .sort((a, b) => Number(b.name === 'STUDENT') - Number(a.name === 'STUDENT'));
}

/** The module's NAME in a reducer's id. */
export const moduleOf = (id: string): string => id.slice(0, Math.max(0, id.indexOf('.')));

export function createCatalog(versions: Pick<Versions, 'all' | 'shown'>): Catalog {
  /** By module, so that a target is the same one as long as the same is shown. */
  const known = new Map<Module, { readonly lacks: number | null; readonly targets: readonly Target[] }>();

  const targetsOf = ({ module, lacks }: Shown): readonly Target[] => {
    const found = known.get(module);
    if (found !== undefined && found.lacks === lacks) return found.targets;
    const targets = module.reducers.map((reducer) => ({
      module,
      lacks,
      reducer,
      parameters: parametersOf(reducer),
    }));
    known.set(module, { lacks, targets });
    return targets;
  };

  return {
    modules: () => versions.all().map((shown) => ({ ...shown, targets: targetsOf(shown) })),
    ids: () =>
      versions
        .all()
        .flatMap((shown) => targetsOf(shown).map(({ reducer }) => reducer.id))
        .sort(),
    find(id) {
      const shown = versions.shown(moduleOf(id));
      return shown === null ? undefined : targetsOf(shown).find(({ reducer }) => reducer.id === id);
    },
  };
}
