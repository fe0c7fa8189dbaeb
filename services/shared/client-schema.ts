import { type AvroType, parsePlainSchema } from './avro.ts';

/**
 * Avro schemas of what clients send. JSON maps to Avro as one would write it: an object is a record or a map, an array an
 * array, a string a string or an enum's symbol, a number an int, long, float or double, and in a union whichever fits. A
 * field with a default may be left out, so an optional one is a union with null first and the default null. Fields that
 * the schema does not name are allowed everywhere, because locked fields are written into every event.
 */
export type ClientType = AvroType;

interface Inner {
  readonly typeName: string;
  readonly fields?: readonly { readonly type: AvroType }[];
  readonly itemsType?: AvroType;
  readonly valuesType?: AvroType;
  readonly types?: readonly AvroType[];
}

function innerTypes(type: AvroType): readonly AvroType[] {
  const { fields = [], itemsType, valuesType, types = [] } = type as unknown as Inner;
  return [
    ...fields.map((field) => field.type),
    ...types,
    ...[itemsType, valuesType].flatMap((one) => one ?? []),
  ];
}

const typeName = (type: AvroType): string => (type as unknown as Inner).typeName;

function hasBytes(root: AvroType): boolean {
  const seen = new Set<AvroType>();
  const pending = [root];
  for (let type = pending.pop(); type !== undefined; type = pending.pop()) {
    if (seen.has(type)) continue;
    seen.add(type);
    if (['bytes', 'fixed'].includes(typeName(type))) return true;
    pending.push(...innerTypes(type));
  }
  return false;
}

/** Or what keeps it from being the schema of a source. */
export function parseClientSchema(
  text: string,
): { readonly type: ClientType } | { readonly problem: string } {
  try {
    const type = parsePlainSchema(JSON.parse(text));
    if (typeName(type) !== 'record') return { problem: 'must be a record, as an event is an object' };
    if (hasBytes(type)) return { problem: 'has bytes or fixed, which JSON has not; take a string' };
    return { type };
  } catch (error) {
    return { problem: `is no Avro schema: ${(error as Error).message}` };
  }
}

const PATH_CHARS = 200;

function pathText(path: readonly string[]): string {
  const text = path.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join('');
  return text.replace(/^\./, '').slice(0, PATH_CHARS);
}

/** `a string`, or `null, a long or a string`. */
function typeText(type: AvroType): string {
  const { types, typeName: name } = type as unknown as Inner & { types?: readonly AvroType[] };
  if (types !== undefined) return types.map(typeName).join(' or ');
  return name === 'enum'
    ? `one of ${(type as unknown as { symbols: readonly string[] }).symbols.join(', ')}`
    : name;
}

/** Where a value is not what the type says, `score: must be null or double`; null when it is. Never the value itself. */
export function clientFault(type: ClientType, value: unknown): string | null {
  let fault: string | null = null;
  type.isValid(value, {
    errorHook(path, found, expected) {
      const must = found === undefined ? 'is missing; must be' : 'must be';
      fault ??= `${pathText(path)}: ${must} ${typeText(expected)}`;
    },
  });
  return fault;
}

/** Why `newer` cannot read what was checked against `older`; null when it can. */
export function readingFault(newer: ClientType, older: ClientType): string | null {
  try {
    newer.createResolver(older);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
