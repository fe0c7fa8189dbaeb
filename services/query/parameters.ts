import type { KeyValues } from '../shared/state-key.ts';
import type { Parameter, Target } from './catalog.ts';

export type ParsedKeys =
  | { readonly kind: 'ok'; readonly keys: readonly KeyValues[] }
  /** One line each, starting with the parameter's name. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

function problemOf(
  parameter: Parameter,
  values: readonly string[],
  count: number,
  max: number,
): string | null {
  const { name } = parameter;
  if (values.length === 0) return `${name}: missing`;
  if (values.includes('')) return `${name}: empty`;
  if (max === 1 && values.length > 1) return `${name}: given ${values.length} times; give it once`;
  if (values.length > max) return `${name}: given ${values.length} times; at most ${max} are answered`;
  if (values.length !== 1 && values.length !== count)
    return `${name}: given ${values.length} times; give it once, or ${count} times`;
  return null;
}

/**
 * The keys that a request names. Parameters given several times are zipped, one given once goes with all of them;
 * keys that are the same are answered once. `maxKeys` of 1 takes each parameter exactly once.
 */
export function parseKeys(target: Target, given: URLSearchParams, maxKeys: number): ParsedKeys {
  const names = target.parameters.map(({ name }) => name);
  const values = target.parameters.map(({ name }) => given.getAll(name));
  const count = Math.max(...values.map((list) => list.length));
  const needs = `${target.reducer.id} needs ${names.join(', ')}`;
  const unknown = [...new Set(given.keys())].filter((name) => !names.includes(name));
  const problems = [
    ...unknown.map((name) => `${name}: unknown; ${needs}`),
    ...target.parameters
      .map((parameter, index) => problemOf(parameter, values[index]!, count, maxKeys))
      .filter((problem) => problem !== null)
      .map((problem) => `${problem}; ${needs}`),
  ];
  if (problems.length > 0) return { kind: 'refused', problems };
  const keys = Array.from({ length: count }, (_, at) =>
    Object.fromEntries(
      target.parameters.map(({ field }, index) => [field, values[index]![at] ?? values[index]![0]!]),
    ),
  );
  const distinct = new Map(keys.map((key) => [JSON.stringify(key), key]));
  return { kind: 'ok', keys: [...distinct.values()] };
}

/** A key as answers show it: by parameter names. */
export function shownKey(target: Target, key: KeyValues): KeyValues {
  return Object.fromEntries(target.parameters.map(({ name, field }) => [name, key[field]!]));
}
