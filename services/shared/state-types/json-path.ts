import { isPlainObject } from '../json.ts';
import type { Json } from '../reducer-api.ts';

type JsonObject = Record<string, Json>;

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && isPlainObject(value);
}

function member(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** What is in an object under some names, one within another; undefined when there is nothing. */
export function atPath(object: JsonObject, path: readonly string[]): Json | undefined {
  let found: Json | undefined = object;
  for (const name of path) found = isObject(found) ? member(found, name) : undefined;
  return found;
}

/**
 * Puts a value there, or takes away what is there, and makes the objects that it lies in. Throws a TypeError where one of
 * them is something else.
 */
export function placeAt(object: JsonObject, path: readonly string[], value: Json | undefined): void {
  const last = path.at(-1);
  if (last === undefined) throw new TypeError('a path has at least one name');
  let within = object;
  for (const name of path.slice(0, -1)) {
    let next = member(within, name);
    if (next === undefined) {
      next = {};
      put(within, name, next);
    } else if (!isObject(next))
      throw new TypeError(`${JSON.stringify(path.join('.'))} lies in something else than an object`);
    within = next as JsonObject;
  }
  if (value === undefined) delete within[last];
  else put(within, last, value);
}

/** A client may call something `__proto__`, which an assignment takes for another thing than a name. */
function put(object: JsonObject, name: string, value: Json): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}
