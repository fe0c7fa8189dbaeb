import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** Where a module's code is, or why it was not found. */
export type FoundModule = { readonly file: string } | { readonly problem: string };

/** Beside sources there is `module.ts`, in the built product `module.js`. */
const FILE_NAMES = import.meta.url.endsWith('.ts') ? ['module.ts', 'module.js'] : ['module.js', 'module.ts'];

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function moduleFileIn(folder: string): string | null {
  return FILE_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Picks what `import` would from a package's `exports`: https://nodejs.org/api/packages.html#conditional-exports */
function exportedPath(exported: unknown): string | null {
  if (typeof exported === 'string') return exported;
  if (typeof exported !== 'object' || exported === null) return null;
  const conditions = exported as Readonly<Record<string, unknown>>;
  if ('.' in conditions) return exportedPath(conditions['.']);
  for (const condition of Object.keys(conditions))
    if (['import', 'node', 'default'].includes(condition)) {
      const path = exportedPath(conditions[condition]);
      if (path !== null) return path;
    }
  return null;
}

function packageEntry(folder: string): string | null {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports?: unknown;
    readonly main?: unknown;
  };
  const entry = manifest.exports === undefined ? (manifest.main ?? 'index.js') : manifest.exports;
  const path = exportedPath(entry);
  return path === null ? null : join(folder, path);
}

/** The folder of an installed package, looked for as Node does: in `node_modules` from `cwd` upwards. */
function packageFolder(name: string, cwd: string): string | null {
  for (let at = cwd; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === dirname(at)) return null;
  }
}

function findPackage(name: string, cwd: string): FoundModule {
  const folder = packageFolder(name, cwd);
  if (folder === null)
    return {
      problem: `is neither a path from ${cwd} nor an installed package; correct it, or npm install it`,
    };
  try {
    const file = packageEntry(folder);
    return file === null ? { problem: 'its package.json exports no main module' } : { file };
  } catch (error) {
    return { problem: `its package.json cannot be read: ${(error as Error).message}` };
  }
}

/** Finds a module that a configuration names: a file, a folder with a module file, or an installed package. */
export function findModule(name: string, cwd: string): FoundModule {
  const path = resolve(cwd, name);
  const isPath = isAbsolute(name) || name.startsWith('.');
  if (isFolder(path)) {
    const file = moduleFileIn(path);
    if (file !== null) return { file: realpathSync(file) };
    if (isPath) return { problem: 'has no module.js or module.ts' };
  } else if (existsSync(path)) return { file: realpathSync(path) };
  else if (isPath) return { problem: 'does not exist' };
  return findPackage(name, cwd);
}

/** The module files of a folder's sub-folders, in order of their names; a sub-folder without one holds no module. */
export function moduleFilesIn(reducersDir: string): readonly string[] {
  return readdirSync(reducersDir)
    .sort()
    .map((name) => join(reducersDir, name))
    .filter(isFolder)
    .map(moduleFileIn)
    .filter((file) => file !== null)
    .map((file) => realpathSync(file));
}
