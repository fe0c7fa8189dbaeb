import { KeyField, type LearningEvent, type Scope } from '../shared/reducer-api.ts';
import { eventFieldName, keyText } from '../shared/state-key.ts';

/** Where key fields are found in an event. */
export interface Keyed {
  /** Its `safe_user_id`. */
  readonly student: string;
  client(): LearningEvent['client'];
  metadata(): LearningEvent['metadata'];
}

/** The text of a scope's key for an event, or null when the event lacks a field of it: the reducer then skips it. */
export type Keyer = (event: Keyed) => string | null;

/** One field of a scope, by its name in the key. */
type FieldReader = readonly [name: string, read: (event: Keyed) => string | null];

/** Students whose key is remembered: its text is made once, not for every event. */
const MAX_REMEMBERED = 20_000;

function asKey(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

function ownField(from: unknown, path: readonly string[]): string | null {
  let value = from;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
    value = (value as Record<string, unknown>)[name];
  }
  return asKey(value);
}

/** What the gateway stamps on an event, by key field. */
const STAMPED = { CLASS: ['class'], RESOURCE: ['resource'], TEACHER: ['teacher'] } as const;

function readerOf(field: Scope[number]): FieldReader {
  if (typeof field !== 'string') {
    const path = field.path.split('.');
    return [eventFieldName(field.path), (event) => ownField(event.client(), path)];
  }
  if (field === KeyField.STUDENT) return [field, ({ student }) => asKey(student)];
  return [field, (event) => ownField(event.metadata(), STAMPED[field])];
}

function remembered(): Keyer {
  const texts = new Map<string, string>();
  return ({ student }) => {
    const known = texts.get(student);
    if (known !== undefined) return known;
    if (student === '') return null;
    if (texts.size >= MAX_REMEMBERED) texts.clear();
    const text = keyText({ STUDENT: student });
    texts.set(student, text);
    return text;
  };
}

export function createKeyer(scope: Scope): Keyer {
  if (scope.length === 1 && scope[0] === KeyField.STUDENT) return remembered();
  const fields = scope.map(readerOf);
  return (event) => {
    const values: Record<string, string> = {};
    for (const [name, read] of fields) {
      const value = read(event);
      if (value === null) return null;
      values[name] = value;
    }
    return keyText(values);
  };
}

/** Gives the keys of all scopes for an event, in their order; scopes that are the same are looked at once. */
export function createKeyers(scopes: readonly Scope[]): (event: Keyed) => (string | null)[] {
  const names = scopes.map((scope) =>
    scope
      .map((field) => readerOf(field)[0])
      .sort()
      .join(','),
  );
  const distinct = [...new Set(names)];
  const keyers = distinct.map((name) => createKeyer(scopes[names.indexOf(name)]!));
  if (keyers.length === 1) {
    const [only] = keyers;
    const count = scopes.length;
    return count === 1
      ? (event) => [only!(event)]
      : (event) => new Array<string | null>(count).fill(only!(event));
  }
  const places = names.map((name) => distinct.indexOf(name));
  return (event) => {
    const keys = keyers.map((keyer) => keyer(event));
    return places.map((place) => keys[place]!);
  };
}
