import xapiValidation from '@learninglocker/xapi-validation';
import { actorId } from './xapi-actor.ts';

/** Says what in a statement is not as xAPI 1.0.3 wants it, by the library that knows its rules and by what it leaves open. */

type Fields = Readonly<Record<string, unknown>>;
type Warning = ReturnType<(typeof xapiValidation)['default']>[number];

/** The library makes an object of every fault that it finds; what it looks at is bounded, so that they are few. */
const MAX_VALUES = 5_000;
const TEXT_CHARS = 200;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The values that the library looks at below a value: of extensions the names only. */
function placesIn(value: unknown): readonly (readonly [count: number, inner: unknown])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([name, inner]) =>
    name === 'extensions' && isObject(inner) ? [Object.keys(inner).length, null] : [1, inner],
  );
}

function hasTooMany(statement: unknown): boolean {
  const pending: unknown[] = [statement];
  let values = 0;
  while (pending.length > 0)
    for (const [count, inner] of placesIn(pending.pop())) {
      values += count;
      if (values > MAX_VALUES) return true;
      pending.push(inner);
    }
  return false;
}

/** With context activities that stand alone in lists, as the library reads only those; both are allowed. */
function withLists(statement: Fields): Fields {
  const { object, context } = statement;
  const objectWithLists = isObject(object) && isObject(object.context) ? withLists(object) : object;
  if (!isObject(context) || !isObject(context.contextActivities))
    return object === objectWithLists ? statement : { ...statement, object: objectWithLists };
  const activities = Object.entries(context.contextActivities).map(
    ([name, value]) => [name, isObject(value) ? [value] : value] as const,
  );
  return {
    ...statement,
    ...(object === undefined ? {} : { object: objectWithLists }),
    context: { ...context, contextActivities: Object.fromEntries(activities) },
  };
}

const IFI = 'must have one of mbox, mbox_sha1sum, openid and account, and only one';
const RULES: Readonly<Record<string, string>> = {
  RequiredWarning: 'must be there',
  IfiCountWarning: IFI,
  NoIfiWarning: IFI,
  NoMembersWarning: 'a group without an identifier must have members',
  MembersTypeWarning: 'must have two members, both agents',
  MembersLengthWarning: 'must have two members, both agents',
  ContextPropWarning: 'context.revision and context.platform are for statements about activities only',
  ObjectTypeWarning: 'its objectType is none that may stand here',
  VoidWarning: 'a statement that voids another must have a StatementRef as its object',
  SubStatementWarning: 'a sub-statement cannot have one in it',
  MissingInteractionTypeWarning: 'interaction properties need an interactionType',
  InvalidComponentsWarning: 'has components that do not belong to its interactionType',
  RawLessThanMinWarning: 'raw must not be less than min',
  RawMoreThanMaxWarning: 'raw must not be more than max',
  MinMoreThanMaxWarning: 'min must not be more than max',
  SignedContentTypeWarning: 'the contentType of a signature must be application/octet-stream',
};

function ruleOf(warning: Warning & Fields): string {
  const { keys, typeName, type, requiredValue } = warning;
  if (Array.isArray(keys))
    return `has names that xAPI does not know: ${keys.join(', ').slice(0, TEXT_CHARS)}`;
  if (typeof typeName === 'string') return `must be, or be named by, a valid ${typeName}`;
  if (typeof type === 'function') return `must be ${type === Array ? 'a list' : `of type ${type.name}`}`;
  if (typeof requiredValue === 'string') return `must be ${requiredValue}`;
  return RULES[warning.name] ?? 'is not as xAPI 1.0.3 says';
}

function libraryFault(statement: Fields): string | null {
  let warnings: readonly Warning[];
  try {
    warnings = xapiValidation.default(withLists(statement));
  } catch {
    // An objectType such as `valueOf`, which the library looks up among names that objects inherit.
    return ': an objectType is none that may stand there';
  }
  const [first] = warnings;
  if (first === undefined) return null;
  // Names that objects inherit are also found, and give anything.
  if (!Array.isArray(first?.path)) return ': an objectType is none that may stand there';
  const path = first.path.slice(1).join('.').slice(0, TEXT_CHARS);
  return `${path === '' ? '' : `.${path}`}: ${ruleOf(first as Warning & Fields)}`;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

function membersFault(actor: unknown): string | null {
  const members = isObject(actor) && Array.isArray(actor.member) ? (actor.member as readonly unknown[]) : [];
  const index = members.findIndex((member) => isObject(member) && member.objectType === 'Group');
  return index < 0 ? null : `.member.${index}: a group cannot be a member of one`;
}

/** What the library does not know about a statement, or about the one in it. */
function innerFault(statement: Fields): string | null {
  const { instructor, team } = (statement.context ?? {}) as Fields;
  const { actor, object } = statement;
  for (const [name, group] of Object.entries({
    actor,
    object,
    'context.instructor': instructor,
    'context.team': team,
  })) {
    const fault = membersFault(group);
    if (fault !== null) return `.${name}${fault}`;
  }
  const attachments = (statement.attachments ?? []) as readonly Fields[];
  const bare = attachments.findIndex(({ fileUrl }) => fileUrl === undefined);
  return bare < 0 ? null : `.attachments.${bare}.fileUrl: must be there, as attachments are not taken here`;
}

function ownFault(statement: Fields): string | null {
  if (statement.id !== undefined && !isUuid(statement.id)) return '.id: must be a UUID';
  const fault = innerFault(statement);
  if (fault !== null) return fault;
  if (actorId(statement.actor) === null) return '.actor: its identifier has half of a surrogate pair';
  const object = statement.object as Fields;
  const inner = object.objectType === 'SubStatement' ? innerFault(object) : null;
  return inner === null ? null : `.object${inner}`;
}

/** What is wrong with a statement, as what follows its name: `.actor.mbox: must be ...`. Null when it is valid. */
export function statementFault(statement: unknown): string | null {
  if (!isObject(statement)) return ': must be a JSON object';
  if (hasTooMany(statement))
    return `: may have at most ${MAX_VALUES} values outside extensions; send it in parts`;
  return libraryFault(statement) ?? ownFault(statement);
}
