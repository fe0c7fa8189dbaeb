import { z } from 'zod';
import { SOURCE_NAME, STANDARD_SOURCES } from '../shared/topics.ts';

/** What the gateway writes into an event's metadata for the key fields CLASS, RESOURCE and TEACHER. */
export const STAMPED = ['class', 'resource', 'teacher'] as const;
export type StampedField = (typeof STAMPED)[number];

/**
 * Where a value is looked for. `context` is what an xAPI statement or a Caliper event says about itself; `roster` is what
 * the school's classes say of the learner.
 */
export type Place =
  | { readonly kind: 'event' | 'locked' | 'launch'; readonly path: readonly string[] }
  | { readonly kind: 'context' | 'roster' };

/** The first place that has a value gives it; none means that the field is never stamped. */
export type SourceRules = Readonly<Record<StampedField, readonly Place[]>>;

export interface StampRules {
  /** Of the sources that somebody configured, and of those that describe themselves. */
  readonly sources: ReadonlyMap<string, SourceRules>;
  readonly others: SourceRules;
}

/** The sources whose events say by a standard what they are about. */
const DESCRIBED: readonly string[] = STANDARD_SOURCES;
const OTHERS = '*';
const MAX_PLACES = 8;
const MAX_SOURCES = 1_000;

const STEP = /(?:^|\.)([^.[\]']+)|\['([^']+)'\]/y;

/** The names of a dotted path, where `['a.b']` is one name; null when the text is no path. */
function namesOf(path: string): readonly string[] | null {
  const names: string[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const match = path.startsWith('.') ? null : STEP.exec(path);
    if (match === null) return null;
    names.push(match[1] ?? match[2]!);
  }
  return names.length === 0 ? null : names;
}

const PLACES =
  "event:<path>, locked:<path>, launch:<path>, roster, or context for xapi and caliper; a path is like course.id or a['b.c'].d";

function placeOf(text: string): Place | string {
  if (text === 'context' || text === 'roster') return { kind: text };
  const [, kind, path] = /^(event|locked|launch):(.*)$/s.exec(text) ?? [];
  const names = path === undefined ? null : namesOf(path);
  return names === null ? `must be ${PLACES}` : { kind: kind as 'event' | 'locked' | 'launch', path: names };
}

const place = z.string(`must be ${PLACES}`).transform((text, context): Place => {
  const found = placeOf(text);
  if (typeof found !== 'string') return found;
  context.addIssue({ code: 'custom', message: found });
  return z.NEVER;
});

const places = z
  .array(place, 'must be a list of places')
  .max(MAX_PLACES, `may name at most ${MAX_PLACES} places`)
  .optional();

const configured = z
  .record(
    z.string(),
    z.strictObject(
      { class: places, resource: places, teacher: places },
      'may have class, resource and teacher',
    ),
    'must be a JSON object with a source, or *, for each name',
  )
  .superRefine((rules, context) => {
    const sources = Object.keys(rules);
    if (sources.length > MAX_SOURCES)
      context.addIssue({ code: 'custom', message: `may name at most ${MAX_SOURCES} sources` });
    for (const source of sources) {
      const issue = (message: string, path: string[] = [source]) =>
        context.addIssue({ code: 'custom', message, path });
      if (source !== OTHERS && !SOURCE_NAME.test(source)) issue('is no name of a source');
      if (rules[source]!.resource?.some(({ kind }) => kind === 'roster') === true)
        issue('roster knows classes and teachers only', [source, 'resource']);
      if (DESCRIBED.includes(source)) continue;
      for (const [field, list] of Object.entries(rules[source]!))
        if (list?.some(({ kind }) => kind === 'context'))
          issue('context is for xapi and caliper; other events do not say what they are about', [
            source,
            field,
          ]);
    }
  });

function everyField(placeOfField: (field: StampedField) => Place): SourceRules {
  return {
    class: [placeOfField('class')],
    resource: [placeOfField('resource')],
    teacher: [placeOfField('teacher')],
  };
}

/** A connection's locked fields of the same names: what Learning Observer's clients can give. */
const LOCKED = everyField((field) => ({ kind: 'locked', path: [field] }));
const CONTEXT = everyField(() => ({ kind: 'context' }));

function rulesOf(given: z.output<typeof configured>): StampRules {
  const over = (rules: SourceRules, source: string): SourceRules => {
    const { class: ofClass, resource, teacher } = given[source] ?? {};
    return {
      class: ofClass ?? rules.class,
      resource: resource ?? rules.resource,
      teacher: teacher ?? rules.teacher,
    };
  };
  const others = over(LOCKED, OTHERS);
  const named = new Set([...DESCRIBED, ...Object.keys(given).filter((source) => source !== OTHERS)]);
  const sources = [...named].map(
    (source) => [source, over(DESCRIBED.includes(source) ? CONTEXT : others, source)] as const,
  );
  return { sources: new Map(sources), others };
}

export const DEFAULT_STAMP_RULES = rulesOf({});

/** Whether any place is the roster. */
export function asksRoster({ sources, others }: StampRules): boolean {
  return [others, ...sources.values()].some((rules) =>
    STAMPED.some((field) => rules[field].some(({ kind }) => kind === 'roster')),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** LECTERN_STAMP: `{"<source or *>": {"class": ["event:course_id", "locked:class"], "resource": [...], "teacher": []}}`. */
export const stampRules = z
  .string()
  .transform((text, context): StampRules => {
    const result = configured.safeParse(parsed(text));
    if (result.success) return rulesOf(result.data);
    for (const { message, path } of result.error.issues) context.addIssue({ code: 'custom', message, path });
    return z.NEVER;
  })
  .default(DEFAULT_STAMP_RULES);
