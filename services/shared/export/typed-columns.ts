import type { ClientType } from '../client-schema.ts';
import { BASE_COLUMNS, type Cell, type Column, type TypedCells } from './columns.ts';
import { wholeText } from './json-text.ts';

/** What avsc knows of a type, as far as columns are made from it. */
interface Inner extends ClientType {
  readonly typeName: string;
  readonly fields?: readonly Field[];
  readonly itemsType?: Inner;
  readonly valuesType?: Inner;
  readonly types?: readonly Inner[];
}

interface Field {
  readonly name: string;
  readonly type: Inner;
  defaultValue(): unknown;
}

type Loaded = Column['loadedAs'];

const SCALARS: Readonly<Record<string, Loaded>> = {
  boolean: 'BOOLEAN',
  int: 'INTEGER',
  long: 'BIGINT',
  // Not FLOAT: 0.1 would come back as another number than was sent.
  float: 'DOUBLE',
  double: 'DOUBLE',
  string: 'VARCHAR',
  enum: 'VARCHAR',
};

/** A union of null and one other is that other, as every column may be null. */
function withoutNull(type: Inner): Inner {
  const others = (type.types ?? []).filter(({ typeName }) => typeName !== 'null');
  return type.types !== undefined && others.length === 1 ? others[0]! : type;
}

const quoted = (name: string): string => `"${name}"`;

function areApart(names: readonly string[]): boolean {
  return new Set(names.map((name) => name.toLowerCase())).size === names.length;
}

/** The SQL type of a part of an event; JSON for what has no one type: unions of several, and records that hold themselves. */
function sqlType(given: Inner, above: readonly Inner[] = []): string {
  const type = withoutNull(given);
  const { typeName, itemsType, valuesType, fields = [] } = type;
  if (above.includes(type)) return 'JSON';
  const within = [...above, type];
  if (typeName === 'array') return `${sqlType(itemsType!, within)}[]`;
  if (typeName === 'map') return `MAP(VARCHAR, ${sqlType(valuesType!, within)})`;
  if (typeName !== 'record') return SCALARS[typeName] ?? 'JSON';
  if (fields.length === 0 || !areApart(fields.map(({ name }) => name))) return 'JSON';
  return `STRUCT(${fields.map((field) => `${quoted(field.name)} ${sqlType(field.type, within)}`).join(', ')})`;
}

/** A value with exactly the fields that its type has, those with a default filled in. */
function shaped(given: Inner, value: unknown): unknown {
  const { typeName, itemsType, valuesType, fields = [] } = withoutNull(given);
  if (typeof value === 'string') return wholeText(value);
  if (value === null || typeof value !== 'object') return value;
  if (typeName === 'array') return (value as unknown[]).map((item) => shaped(itemsType!, item));
  const members = value as Readonly<Record<string, unknown>>;
  if (typeName === 'map')
    return Object.fromEntries(
      Object.entries(members).map(([name, member]) => [wholeText(name), shaped(valuesType!, member)]),
    );
  if (typeName !== 'record') return value;
  return Object.fromEntries(
    fields.map((field) => {
      const member = Object.hasOwn(members, field.name) ? members[field.name] : undefined;
      return [field.name, shaped(field.type, member === undefined ? field.defaultValue() : member)];
    }),
  );
}

function cellOf(loadedAs: Loaded, type: Inner, value: unknown): Cell {
  if (value === null) return null;
  if (loadedAs === 'JSON') return JSON.stringify(shaped(type, value));
  if (loadedAs === 'BIGINT') return BigInt(value as number);
  if (typeof value === 'string') return wholeText(value);
  return typeof value === 'number' && !Number.isFinite(value) ? null : (value as Cell);
}

/** Names tell columns apart without regard to case, as SQL does; `source` and `date` are the folders'. */
function createNames(): (name: string) => string {
  const taken = new Set([...BASE_COLUMNS.map(({ name }) => name.toLowerCase()), 'source', 'date']);
  return (name) => {
    let free = name;
    for (let n = 1; taken.has(free.toLowerCase()); n++)
      free = n === 1 ? `client_${name}` : `client_${name}_${n}`;
    taken.add(free.toLowerCase());
    return free;
  };
}

interface TypedField {
  readonly column: Column;
  readonly cellOf: (client: Readonly<Record<string, unknown>>) => Cell;
}

function typedField({ name, type, defaultValue }: Field, columnName: string): TypedField {
  const sql = sqlType(type);
  const isNested = !Object.values(SCALARS).includes(sql as Loaded);
  const loadedAs = isNested ? 'JSON' : (sql as Loaded);
  const fallback = defaultValue();
  const written = isNested && sql !== 'JSON' ? { written: (cell: string) => `${cell}::${sql}` } : {};
  return {
    column: { name: columnName, loadedAs, ...written },
    cellOf(client) {
      const sent = Object.hasOwn(client, name) ? client[name] : undefined;
      const value = sent === undefined ? fallback : sent;
      // Sent before the source had this schema, it may be anything: it is in `client`.
      return value !== undefined && type.isValid(value) ? cellOf(loadedAs, type, value) : null;
    },
  };
}

function parsed(client: string | null): Readonly<Record<string, unknown>> | null {
  if (client === null) return null;
  try {
    const value: unknown = JSON.parse(client);
    return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A column for each field of a source's schema: its name, or `client_<name>` where another column has that. */
export function createTypedCells(type: ClientType): TypedCells {
  const nameOf = createNames();
  const fields = ((type as Inner).fields ?? []).map((field) =>
    typedField(
      { name: field.name, type: field.type, defaultValue: () => field.defaultValue() },
      nameOf(field.name),
    ),
  );
  const none = fields.map(() => null);
  return {
    columns: fields.map(({ column }) => column),
    cellsOf(client) {
      const sent = parsed(client);
      return sent === null ? none : fields.map((field) => field.cellOf(sent));
    },
  };
}
