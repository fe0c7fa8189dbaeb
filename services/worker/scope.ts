import type { LearningEvent, Scope } from '../shared/reducer-api.ts';
import { eventFieldName, keyText } from '../shared/state-key.ts';

/** The text of a scope's key for an event, or null when the event lacks a field of it: the reducer then skips it. */
export type Keyer = (student: string, client: LearningEvent['client']) => string | null;

function ownField(client: unknown, path: readonly string[]): string | null {
  let value: unknown = client;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
    value = (value as Record<string, unknown>)[name];
  }
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** For scopes with STUDENT and any number of event fields. */
export function createKeyer(scope: Scope): Keyer {
  const fields = scope
    .filter((field) => typeof field !== 'string')
    .map(({ path }) => ({ name: eventFieldName(path), path: path.split('.') }));
  if (fields.length === 0) return (student) => keyText({ STUDENT: student });
  return (student, client) => {
    const values: Record<string, string> = { STUDENT: student };
    for (const { name, path } of fields) {
      const value = ownField(client, path);
      if (value === null) return null;
      values[name] = value;
    }
    return keyText(values);
  };
}
