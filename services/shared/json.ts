import type { Json } from './reducer-api.ts';

/** Whether a value is an object literal's kind, of any realm, and no instance of a class. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameOf(value: object): string {
  return (value.constructor as { name?: string } | undefined)?.name ?? 'an object of a class';
}

const MAX_LEVELS = 500;

function faultOfObject(value: object, path: string, above: readonly object[]): string | null {
  if (above.length > MAX_LEVELS) return `${path.slice(0, 100)}... is nested deeper than ${MAX_LEVELS} levels`;
  if (above.includes(value)) return `${path} contains itself`;
  const within = [...above, value];
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const fault = faultAt(value[index], `${path}[${index}]`, within);
      if (fault !== null) return fault;
    }
    return null;
  }
  if (!isPlainObject(value)) return `${path} is a ${nameOf(value)}`;
  if (Object.getOwnPropertySymbols(value).length > 0) return `${path} has a symbol as a name`;
  for (const [name, member] of Object.entries(value)) {
    const fault = faultAt(member, `${path}.${name}`, within);
    if (fault !== null) return fault;
  }
  return null;
}

function faultAt(value: unknown, path: string, above: readonly object[]): string | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : `${path} is ${value}`;
  if (typeof value === 'object') return faultOfObject(value, path, above);
  return value === undefined ? `${path} is undefined` : `${path} is a ${typeof value}`;
}

/**
 * Says what in a value JSON would lose or refuse, with its path under `name`; null when the value comes back from
 * JSON as it went in.
 */
export function jsonFault(value: unknown, name: string): string | null {
  return faultAt(value, name, []);
}

/** One text for equal values, whatever order their names are in. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = value as { readonly [name: string]: Json };
  const pairs = Object.keys(members)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(members[name]!)}`);
  return `{${pairs.join(',')}}`;
}
