import { messageOf } from '../errors.ts';
import { isPlainObject, jsonFault } from '../json.ts';

const MAX_DEPTH = 200;

/** What a look at a value found on the way: whether JSON would give back another one. */
class Look {
  differs = false;
  /** The first object below the top, and all of them once there is a second: most states have none or one. */
  #first: object | null = null;
  #all: Set<object> | null = null;

  /** An object that stands in two places is two objects for whoever reads the text. */
  meet(value: object): void {
    if (this.#first === null) {
      this.#first = value;
      return;
    }
    this.#all ??= new Set([this.#first]);
    if (this.#all.has(value)) this.differs = true;
    else this.#all.add(value);
  }
}

function isJson(value: unknown, depth: number, look: Look): boolean {
  if (typeof value === 'number') {
    if (value === 0 && Object.is(value, -0)) look.differs = true;
    return Number.isFinite(value);
  }
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean';
  if (value === null) return true;
  if (depth > MAX_DEPTH) return false;
  if (depth > 0) look.meet(value);
  if (!Array.isArray(value))
    return isPlainObject(value) && isJsonObject(value as Record<string, unknown>, depth, look);
  for (let index = 0; index < value.length; index++) if (!isJson(value[index], depth + 1, look)) return false;
  return true;
}

function isJsonObject(record: Record<string, unknown>, depth: number, look: Look): boolean {
  for (const name in record) {
    const member = record[name];
    if (member === undefined) look.differs = true;
    else if (!isJson(member, depth + 1, look)) return false;
  }
  return true;
}

export type JsonText =
  | {
      readonly kind: 'ok';
      readonly text: string;
      /**
       * Whether a reducer could not tell the value from what the text gives back: it could where properties are
       * undefined, a zero is negative, or one object stands in two places.
       */
      readonly same: boolean;
    }
  | { readonly kind: 'fault'; readonly reason: string };

/**
 * The JSON text of a state, if it is nothing but JSON: what JSON would silently turn into something else is a fault,
 * named with its path below `state`; only properties that are undefined go. Never throws, whatever the value is.
 */
export function jsonText(state: unknown): JsonText {
  const look = new Look();
  try {
    if (isJson(state, 0, look)) return { kind: 'ok', text: JSON.stringify(state), same: !look.differs };
    const reason = jsonFault(state, 'state') ?? `state is nested deeper than ${MAX_DEPTH} levels`;
    return { kind: 'fault', reason };
  } catch (error) {
    return { kind: 'fault', reason: `state cannot be read: ${messageOf(error)}` };
  }
}
