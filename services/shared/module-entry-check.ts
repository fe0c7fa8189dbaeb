import { BLOBS_MODULE } from './blobs.ts';
import { jsonFault } from './json.ts';
import { type ModuleReducer, scopeFieldNames } from './module.ts';
import { type Json, KeyField, type ReducerFunction, type Scope } from './reducer-api.ts';
import { jsonState } from './state-types/json.ts';
import { findStateType, stateTypeNames } from './state-types/registry.ts';
import type { StateType } from './state-types/state-type.ts';
import { BLOBS, SOURCE_NAME, UNCLAIMED } from './topics.ts';

export const IDENTIFIER = /^[a-z][a-z0-9_]{0,99}$/;
const ENTRY_FIELDS: readonly string[] = ['context', 'scope', 'function', 'default'];
/** No separator of state keys in it, and no empty step. */
const EVENT_FIELD_PATH = /^[^.,:\s]+(\.[^.,:\s]+)*$/;
const KEY_FIELDS: readonly string[] = Object.values(KeyField);

/** Takes a problem: the field it is in, what is wrong, and the remedy. */
export type Report = (field: string, problem: string) => void;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isReducerFunction(value: unknown): value is ReducerFunction {
  return isRecord(value) && typeof value.reducerName === 'string' && typeof value.reduce === 'function';
}

function checkContext(module: string, context: unknown, report: Report): readonly string[] {
  const contexts: readonly unknown[] = Array.isArray(context) ? context : [context];
  if (contexts.length === 0) report('context', 'is an empty list; name the source of the events');
  for (const name of contexts) {
    if (typeof name !== 'string' || !SOURCE_NAME.test(name))
      report('context', 'must be the source of the events: 1 to 180 letters, digits, dots, - or _');
    else if (name === UNCLAIMED)
      report('context', `${UNCLAIMED} is where events without a module wait; name their own source`);
    else if (name === BLOBS && module === BLOBS_MODULE) continue;
    else if (name.startsWith('_'))
      report('context', `${name} begins with _, which no source does; name the source of the events`);
  }
  if (new Set(contexts).size !== contexts.length) report('context', 'names a source twice; leave one out');
  return contexts.filter((name) => typeof name === 'string');
}

/** A scope that was found wrong may be anything. */
const asList = (scope: unknown): readonly unknown[] => (Array.isArray(scope) ? scope : []);

function checkScopeField(field: unknown, report: Report): void {
  if (isRecord(field)) {
    const { path } = field;
    if (typeof path !== 'string' || !EVENT_FIELD_PATH.test(path))
      report('scope', "an event field's path must be names between dots, as eventField('object.id')");
    else if (KEY_FIELDS.includes(path)) report('scope', `eventField('${path}'): write KeyField.${path}`);
  } else if (typeof field !== 'string' || !KEY_FIELDS.includes(field))
    report(
      'scope',
      `has ${JSON.stringify(field)}; use ${KEY_FIELDS.map((name) => `KeyField.${name}`).join(', ')} or eventField('<path>')`,
    );
}

function checkScope(scope: unknown, report: Report): void {
  if (!Array.isArray(scope)) {
    report('scope', 'must be Scope([KeyField.STUDENT, ...])');
    return;
  }
  for (const field of scope as readonly unknown[]) checkScopeField(field, report);
  if (scope.length === 0)
    report('scope', 'is empty, one state for everybody; name at least one field, as KeyField.CLASS');
  const names = scope.map((field) => (isRecord(field) ? String(field.path) : field));
  if (new Set(names).size !== names.length) report('scope', 'names a field twice; leave one out');
}

/** The scope may stand at the entry, at the function, or at both and be the same. */
function checkScopes(entryScope: unknown, ownScope: unknown, report: Report): void {
  let faults = 0;
  const counted: Report = (field, problem) => {
    faults += 1;
    report(field, problem);
  };
  const given = [entryScope, ownScope].filter((scope) => scope !== undefined);
  if (given.length === 0) counted('scope', 'is missing; give it here or to reducer()');
  for (const scope of given.slice(0, 1)) checkScope(scope, counted);
  if (faults > 0 || given.length < 2) return;
  const [here, there] = given.map((scope) => scopeFieldNames(scope as Scope).join(', '));
  if (here !== there)
    report('scope', `is ${here}, but its function was declared with ${there}; make them the same`);
}

/** The state type that a function was declared with; null when there is none of that name. */
function declaredType(declared: unknown): StateType | null {
  if (declared === undefined) return jsonState;
  const name = isRecord(declared) ? declared.stateTypeName : undefined;
  return typeof name === 'string' ? findStateType(name) : null;
}

function checkState({ stateType, nullState }: ReducerFunction, report: Report): void {
  const type = declaredType(stateType);
  if (type === null)
    report(
      'function',
      `its stateType is none of ${stateTypeNames.join(', ')}; use appendList or longObject of lectern/reducers, or leave it out`,
    );
  const fault = (type ?? jsonState).nullFault(nullState);
  if (fault !== null) report('function', `its nullState ${fault}`);
}

function checkFunction(value: unknown, report: Report): ReducerFunction | null {
  if (!isReducerFunction(value)) {
    const found = value === undefined ? 'is missing' : 'is not a reducer';
    report('function', `${found}; make it with reducer() or studentEventReducer()`);
    return null;
  }
  if (value.reducerName === '')
    report('function', 'has no name; name the function, or give reducer() the option name');
  else if (!IDENTIFIER.test(value.reducerName))
    report('function', `its name ${JSON.stringify(value.reducerName)} must be a snake_case identifier`);
  checkState(value, report);
  return value;
}

/**
 * Checks one entry of the REDUCERS of the module `name`. Null when it has no function to call; after any report the
 * result is good for nothing but finding more problems.
 */
export function checkEntry(name: string, entry: unknown, report: Report): ModuleReducer | null {
  if (!isRecord(entry)) {
    report('', 'must be an object {context, scope, function, default}');
    return null;
  }
  for (const field of Object.keys(entry))
    if (!ENTRY_FIELDS.includes(field))
      report(field, `is an unknown field; an entry has ${ENTRY_FIELDS.join(', ')}`);
  const contexts = checkContext(name, entry.context, report);
  const fn = checkFunction(entry.function, report);
  checkScopes(entry.scope, fn?.scope, report);
  const fault = 'default' in entry ? jsonFault(entry.default, 'default') : null;
  if (fault !== null) report('default', `must be JSON: ${fault}`);
  if (fn === null) return null;
  const stateType = declaredType(fn.stateType) ?? jsonState;
  const scope = (entry.scope ?? fn.scope) as Scope;
  return {
    id: `${name}.${fn.reducerName}`,
    name: fn.reducerName,
    contexts,
    scope,
    rekeyed: contexts.length > 1 || !asList(scope).includes(KeyField.STUDENT),
    nullState: fn.nullState as Json,
    default: (entry.default ?? null) as Json,
    reduce: fn.reduce,
    ...(stateType !== jsonState && { stateType }),
  };
}
