import { createHash } from 'node:crypto';
import { canonicalJson } from '../shared/json.ts';
import type { Json } from '../shared/reducer-api.ts';

type Fields = Readonly<Record<string, Json>>;

function isObject(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Members of a group are in no order. */
function actor(value: Json): Json {
  if (!isObject(value) || !Array.isArray(value.member)) return value;
  const members = (value.member as readonly Json[]).map((member) => [canonicalJson(member), member] as const);
  members.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return { ...value, member: members.map(([, member]) => member) };
}

/** What describes an activity is no part of the statement. */
function activity(value: Json): Json {
  if (!isObject(value)) return value;
  const { definition: _definition, objectType: _objectType, ...rest } = value;
  return rest;
}

function object(value: Json): Json {
  if (!isObject(value)) return value;
  const { objectType = 'Activity' } = value;
  if (objectType === 'Activity') return activity(value);
  return objectType === 'SubStatement' ? comparable(value) : actor(value);
}

function context(value: Json): Json {
  if (!isObject(value)) return value;
  const { contextActivities, ...rest } = value;
  const compared: Record<string, Json> = Object.fromEntries(
    Object.entries(rest).map(([name, inner]) => [
      name,
      name === 'instructor' || name === 'team' ? actor(inner) : inner,
    ]),
  );
  if (isObject(contextActivities))
    compared.contextActivities = Object.fromEntries(
      Object.entries(contextActivities).map(([kind, list]) => [kind, [list].flat().map(activity)]),
    );
  return compared;
}

function timestamp(value: Json): Json {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? value : ms;
}

const RULES: Readonly<Record<string, (value: Json) => Json>> = {
  actor,
  object,
  context,
  timestamp,
  verb: (value) => (isObject(value) ? { id: value.id ?? null } : value),
};

/** Given by whoever stores a statement, or no part of it. */
const LEFT_OUT: ReadonlySet<string> = new Set(['id', 'stored', 'authority', 'version', 'attachments']);

function comparable(statement: Fields): Json {
  return Object.fromEntries(
    Object.entries(statement)
      .filter(([name]) => !LEFT_OUT.has(name))
      .map(([name, value]) => [name, Object.hasOwn(RULES, name) ? RULES[name]!(value) : value]),
  );
}

/**
 * Equal for two valid statements that xAPI calls the same: whatever the order of names and of group members, the form of
 * timestamps, display texts, definitions and attachments. Numbers beyond 2^53 are compared as JavaScript reads them.
 */
export function statementHash(statement: Fields): string {
  return createHash('sha256')
    .update(canonicalJson(comparable(statement)))
    .digest('base64');
}
