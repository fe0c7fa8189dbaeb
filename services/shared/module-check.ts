import { createHash } from 'node:crypto';
import { canonicalJson } from './json.ts';
import { type Module, type ModuleReducer, scopeFieldNames } from './module.ts';
import { checkEntry, IDENTIFIER, type Report } from './module-entry-check.ts';

function contextsOf(reducers: readonly ModuleReducer[]): readonly string[] {
  return [...new Set(reducers.flatMap((reducer) => reducer.contexts))].sort();
}

function checkTogether(reducers: readonly ModuleReducer[], report: Report): void {
  const ids = reducers.map((reducer) => reducer.id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index)))
    report('REDUCERS', `two reducers have the id ${id}; rename one of the functions`);
}

/**
 * SHA-256, in hex, over what the states of one version depend on: all that a reducer may set. Only `default` is no part of
 * it, which queries answer where there is no state, nor is the order of the reducers, which do not see each other.
 */
function reducersHash(reducers: readonly ModuleReducer[]): string {
  const facts = reducers
    .map(({ name, scope, contexts, nullState, stateType }) =>
      canonicalJson({
        name,
        scope: scopeFieldNames(scope),
        contexts: [...contexts].sort(),
        nullState,
        ...(stateType !== undefined && { stateType: stateType.name }),
      }),
    )
    .sort();
  return createHash('sha256').update(facts.join('\n')).digest('hex');
}

export type CheckedModule =
  | { readonly module: Module }
  /** Each names the field, what is wrong with it, and the remedy. */
  | { readonly problems: readonly string[] };

/** Makes a module of what its file exports, or says everything that is wrong with it. */
export function checkModule(exported: Readonly<Record<string, unknown>>): CheckedModule {
  const problems: string[] = [];
  const report: Report = (field, problem) => void problems.push(`${field}: ${problem}`);
  const { NAME, VERSION, REDUCERS } = exported;
  const name = typeof NAME === 'string' ? NAME : null;
  if (name === null || !IDENTIFIER.test(name))
    report('NAME', 'must be a snake_case identifier, as student_events');
  if (!Number.isSafeInteger(VERSION) || Number(VERSION) < 1)
    report('VERSION', 'must be a whole number from 1');
  if (!Array.isArray(REDUCERS) || REDUCERS.length === 0)
    report('REDUCERS', 'must be a list of at least one {context, scope, function, default}');
  const entries: readonly unknown[] = Array.isArray(REDUCERS) ? REDUCERS : [];
  const reducers = entries
    .map((entry, index) =>
      checkEntry(`${name}`, entry, (field, problem) =>
        report(`REDUCERS[${index}]${field === '' ? '' : `.${field}`}`, problem),
      ),
    )
    .filter((reducer) => reducer !== null);
  checkTogether(reducers, report);
  if (problems.length > 0) return { problems };
  const version = Number(VERSION);
  const contexts = contextsOf(reducers);
  return {
    module: {
      name: `${name}`,
      version,
      id: `${name}.v${version}`,
      reducers,
      contexts,
      rekeyed: reducers.some(({ rekeyed }) => rekeyed),
      hash: reducersHash(reducers),
    },
  };
}
