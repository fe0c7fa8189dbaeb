/** What the page asks the query service, and the shapes of its answers. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface ReducerInfo {
  readonly id: string;
  readonly contexts: readonly string[];
  /** The parameters that name one of its states; STUDENT first. */
  readonly scope: readonly string[];
  readonly default: Json;
}

export interface ModuleInfo {
  readonly name: string;
  readonly version: number;
  readonly reducers: readonly ReducerInfo[];
}

export interface Student {
  readonly id: string;
  readonly name: string;
}

export interface ClassInfo {
  readonly id: string;
  readonly name: string;
  readonly students: readonly Student[];
}

export interface Overview {
  readonly modules: readonly ModuleInfo[];
  readonly classes: readonly ClassInfo[];
}

/** Reads the reason of a refused answer. */
export async function reasonOf(response: Response): Promise<string> {
  const body = (await response.json().catch(() => null)) as { readonly error?: string } | null;
  return body?.error ?? `the service answered ${response.status}`;
}

async function getJson<T>(path: string): Promise<T> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(await reasonOf(response));
  return (await response.json()) as T;
}

export async function loadOverview(): Promise<Overview> {
  const [{ modules }, { classes }] = await Promise.all([
    getJson<{ readonly modules: readonly ModuleInfo[] }>('/v1/modules'),
    getJson<{ readonly classes: readonly ClassInfo[] }>('/v1/classes'),
  ]);
  return { modules, classes };
}

/** Whether a reducer has a state for each student; else the fields of its scope alone name one. */
export function isOfStudents({ scope }: Pick<ReducerInfo, 'scope'>): boolean {
  return scope.includes('STUDENT');
}

/** Where the states of some students are told live; `fields` holds the scope's other parameters. */
export function liveUrl(
  reducer: ReducerInfo,
  students: readonly Student[],
  fields: Readonly<Record<string, string>>,
): string {
  const asked = isOfStudents(reducer) ? students : [];
  const query = new URLSearchParams(asked.map(({ id }) => ['STUDENT', id]));
  for (const name of reducer.scope) if (name !== 'STUDENT') query.set(name, fields[name] ?? '');
  return `/v1/live/${encodeURIComponent(reducer.id)}?${query}`;
}
