import { messageOf } from '../shared/errors.ts';
import { isPlainObject, jsonFault } from '../shared/json.ts';

const MAX_DEPTH = 200;

/** What a look at a state found on the way. */
interface Found {
  undefinedProperty: boolean;
}

function isJson(value: unknown, depth: number, found: Found): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean';
  if (value === null) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((member) => isJson(member, depth + 1, found));
  return isPlainObject(value) && isJsonObject(value as Record<string, unknown>, depth + 1, found);
}

function isJsonObject(record: Record<string, unknown>, depth: number, found: Found): boolean {
  for (const name of Object.keys(record)) {
    const member = record[name];
    if (member === undefined) found.undefinedProperty = true;
    else if (!isJson(member, depth, found)) return false;
  }
  return true;
}

export type JsonCheck<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'deadLetter'; readonly reason: string };

/**
 * Gives back a state that JSON keeps as it is. Properties that are undefined go, in a copy, as they would in JSON, so
 * that the state in memory equals the one that a restart reads back. Never throws, whatever a reducer returned.
 */
export function checkJson<T>(state: T): JsonCheck<T> {
  const found: Found = { undefinedProperty: false };
  try {
    if (isJson(state, 0, found))
      return {
        kind: 'ok',
        value: found.undefinedProperty ? (JSON.parse(JSON.stringify(state)) as T) : state,
      };
    const reason = jsonFault(state, 'state') ?? `state is nested deeper than ${MAX_DEPTH} levels`;
    return { kind: 'deadLetter', reason };
  } catch (error) {
    return { kind: 'deadLetter', reason: `state cannot be read: ${messageOf(error)}` };
  }
}
