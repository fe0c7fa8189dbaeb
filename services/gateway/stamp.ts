import { caliperContext } from './caliper-context.ts';
import type { Roster } from './roster.ts';
import type { Sender } from './sender.ts';
import type { ReceivedEvent } from './session.ts';
import { type Place, STAMPED, type StampedField, type StampRules } from './stamp-rules.ts';
import { usableName } from './usable-name.ts';
import { xapiContext } from './xapi-context.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Finds class, resource and teacher of an event, as JSON text by name in metadata; what is not found is left out. */
export type Stamp = (event: ReceivedEvent, sender?: Sender) => ReadonlyMap<StampedField, string>;

export interface StampDeps {
  readonly rules: StampRules;
  readonly roster: Roster;
}

/** What a standard's events say about themselves. */
export type ContextOf = (event: ReceivedEvent) => Partial<Readonly<Record<StampedField, unknown>>>;

const CONTEXTS: ReadonlyMap<unknown, ContextOf> = new Map([
  ['xapi', xapiContext],
  ['caliper', caliperContext],
]);

const VALUE_CHARS = 1_000;

/** A value that can be a key: text, or a whole number as its text. */
function asStamp(value: unknown): string | null {
  return usableName(Number.isSafeInteger(value) ? String(value) : value, VALUE_CHARS);
}

function at(fields: unknown, path: readonly string[]): unknown {
  let value = fields;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Fields)[name];
  }
  return value;
}

export function createStamp({ rules, roster }: StampDeps): Stamp {
  function inRoster({ auth }: ReceivedEvent, field: StampedField, klass: string | null): string | null {
    return field === 'class' ? roster.classOf(auth) : roster.teacherOf(auth, klass);
  }

  return (event, sender) => {
    const { fields } = event.frame;
    const { source } = fields;
    const placesOf = (typeof source === 'string' ? rules.sources.get(source) : undefined) ?? rules.others;
    const values = new Map<StampedField, string>();

    function valueIn(place: Place, field: StampedField): unknown {
      switch (place.kind) {
        case 'event':
          return at(fields, place.path);
        case 'locked':
          return at(event.locked.fields, place.path);
        case 'launch':
          // A launch says something of whoever was launched, and of nobody else who sends from that browser.
          return event.auth.providence === 'lti' ? at(sender?.launch, place.path) : undefined;
        case 'context':
          return CONTEXTS.get(source)?.(event)[field];
        case 'roster':
          // The class was looked for before the teacher.
          return inRoster(event, field, values.get('class') ?? null);
      }
    }

    for (const field of STAMPED)
      for (const place of placesOf[field]) {
        const value = asStamp(valueIn(place, field));
        if (value === null) continue;
        values.set(field, value);
        break;
      }
    return new Map([...values].map(([field, value]) => [field, JSON.stringify(value)]));
  };
}
