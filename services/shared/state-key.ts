/** The values of a scope's fields for one event; an event field is named `EventField.<path>`. */
export type KeyValues = Readonly<Record<string, string>>;

/** A `Session` is what the worker knows of the events of one session of a student; it belongs to no reducer. */
export type StateKind = 'Internal' | 'External' | 'Session';

export function eventFieldName(path: string): string {
  return `EventField.${path}`;
}

/**
 * Keeps separators in values apart from those of the key, and halves of surrogate pairs apart from one another, which
 * have no bytes in UTF-8; everything else stays readable.
 */
function escapeValue(value: string): string {
  return value.replace(
    /[%,:]|\p{Surrogate}/gu,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The part of a state's name that names its key, fields sorted: `EventField.doc_id:7,STUDENT:tc-testcase-bob`.
 * Learning Observer's form, but with `%`, `,` and `:` escaped in values, so that no two keys share a name. Well-formed Unicode,
 * whatever the values are.
 */
export function keyText(values: KeyValues): string {
  return Object.keys(values)
    .sort()
    .map((field) => `${field}:${escapeValue(values[field]!)}`)
    .join(',');
}

/** Stands for an external state that is not there yet, of a reducer that keeps its internal one to itself. */
export const HIDDEN = '';

/** The text that queries see, of the two that are stored; null for none. */
export function visibleText(internal: string | null, external: string | null): string | null {
  return external === HIDDEN ? null : (external ?? internal);
}

/** The field of a unit that holds a state: `Internal,student_events.student_event_counter,STUDENT:...`. */
export function stateField(kind: StateKind, reducerId: string, key: string): string {
  return `${kind},${reducerId},${key}`;
}

/** The field of a unit for the session of a student, under the student's key: `Session,,SESSION:...,STUDENT:...`. */
export function sessionField(student: string, session: string): string {
  return stateField('Session', '', keyText({ SESSION: session, STUDENT: student }));
}

export function isSessionField(field: string): boolean {
  return field.startsWith('Session,');
}

export interface ParsedField {
  readonly kind: StateKind;
  /** Empty for a session. */
  readonly reducerId: string;
  readonly values: KeyValues;
}

/** The inverse of `stateField`, and of `sessionField`. */
export function parseStateField(field: string): ParsedField {
  const [kind, reducerId, ...pairs] = field.split(',');
  const values = pairs.map((pair) => {
    const colon = pair.indexOf(':');
    return [pair.slice(0, colon), unescapeValue(pair.slice(colon + 1))] as const;
  });
  return { kind: kind as StateKind, reducerId: reducerId!, values: Object.fromEntries(values) };
}

function unescapeValue(value: string): string {
  return value.replace(/%(25|2C|3A|D[89A-F][0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
