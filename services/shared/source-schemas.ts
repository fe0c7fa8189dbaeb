import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type ClientType, parseClientSchema, readingFault } from './client-schema.ts';
import { LecternError } from './errors.ts';

/**
 * The schemas of typed sources: `<source>.avsc` is the one that counts, and `<source>/<n>.avsc` every version that ever
 * did, from 1, the last of which is the one that counts.
 */

export const sourceSchemasDir = new URL(
  import.meta.url.includes('/dist/') ? '../../../schemas/sources/' : '../../schemas/sources/',
  import.meta.url,
);

const SUFFIX = '.avsc';

/** The names of typed sources. */
export function typedSourceNames(dir: URL = sourceSchemasDir): readonly string[] {
  const files = existsSync(dir) ? readdirSync(dir) : [];
  return files.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length));
}

const read = (dir: URL, name: string): string => readFileSync(new URL(encodeURIComponent(name), dir), 'utf8');

/** The type of each typed source. Throws CONFIG_INVALID with every problem at once. */
export function loadSourceTypes(dir: URL = sourceSchemasDir): ReadonlyMap<string, ClientType> {
  const types = new Map<string, ClientType>();
  const problems: string[] = [];
  for (const source of typedSourceNames(dir)) {
    const parsed = parseClientSchema(read(dir, `${source}${SUFFIX}`));
    if ('type' in parsed) types.set(source, parsed.type);
    else problems.push(`schemas/sources/${source}${SUFFIX}: ${parsed.problem}`);
  }
  if (problems.length > 0)
    throw new LecternError(
      'CONFIG_INVALID',
      `the schemas of sources have problems:\n  ${problems.join('\n  ')}`,
    );
  return types;
}

export interface SourceCheck {
  readonly source: string;
  readonly versions: number;
  /** One line each, naming the file and the remedy; empty when all is well. */
  readonly problems: readonly string[];
}

const VERSION = /^([1-9]\d*)\.avsc$/;

interface Versions {
  readonly texts: readonly string[];
  readonly problems: readonly string[];
}

function versionsOf(source: string, dir: URL): Versions {
  const folder = new URL(`${encodeURIComponent(source)}/`, dir);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const numbers = names
    .flatMap((name) => Number(VERSION.exec(name)?.[1] ?? []))
    .filter((number) => number > 0)
    .sort((a, b) => a - b);
  const gap = numbers.findIndex((number, index) => number !== index + 1);
  const problems = gap < 0 ? [] : [`${source}/${gap + 1}.avsc: is missing; a version is never removed`];
  return { texts: numbers.map((number) => read(folder, `${number}${SUFFIX}`)), problems };
}

function sameSchema(one: string, other: string | undefined): boolean {
  try {
    return other !== undefined && JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));
  } catch {
    return false;
  }
}

function checkSource(source: string, dir: URL): SourceCheck {
  const { texts, problems: gaps } = versionsOf(source, dir);
  const problems = [...gaps];
  const parsed = texts.map(parseClientSchema);
  for (const [index, version] of parsed.entries())
    if ('problem' in version) problems.push(`${source}/${index + 1}.avsc: ${version.problem}`);
  for (const [newer, { type }] of parsed.flatMap((one, index) =>
    'type' in one ? [[index, one] as const] : [],
  ))
    for (const [older, before] of parsed.slice(0, newer).entries()) {
      const fault = 'type' in before ? readingFault(type, before.type) : null;
      if (fault !== null)
        problems.push(
          `${source}/${newer + 1}.avsc: cannot read version ${older + 1}: ${fault}; only add fields with a default`,
        );
    }
  if (!sameSchema(read(dir, `${source}${SUFFIX}`), texts.at(-1)))
    problems.push(
      `${source}.avsc: is not its last version; change it back, or keep it as ${source}/${texts.length + 1}.avsc too`,
    );
  return { source, versions: texts.length, problems };
}

/** Checks every typed source: each of its versions parses and reads all older ones, and the last is the one that counts. */
export function checkSourceSchemas(dir: URL = sourceSchemasDir): readonly SourceCheck[] {
  return typedSourceNames(dir).map((source) => checkSource(source, dir));
}
