import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LecternError, messageOf } from './errors.ts';
import type { Module } from './module.ts';
import { checkModule } from './module-check.ts';
import { findModule, moduleFilesIn } from './module-files.ts';
import { typedSourceNames } from './source-schemas.ts';
import { BLOBS, SOURCE_NAME } from './topics.ts';

export interface LoadModulesOptions {
  /** The folder with a folder for each module. */
  readonly reducersDir: URL | string;
  /** More modules: names of npm packages, files or folders, from LECTERN_MODULES. */
  readonly extra: readonly string[];
  /** What relative paths and packages are looked for from. */
  readonly cwd: string;
}

interface Files {
  readonly files: readonly string[];
  readonly problems: readonly string[];
}

function findAll(options: LoadModulesOptions): Files {
  const { reducersDir, extra, cwd } = options;
  const problems: string[] = [];
  const files: string[] = [];
  const folder = typeof reducersDir === 'string' ? resolve(cwd, reducersDir) : fileURLToPath(reducersDir);
  try {
    files.push(...moduleFilesIn(folder));
  } catch (error) {
    problems.push(`${folder}: cannot be read: ${messageOf(error)}; build the product, or correct the folder`);
  }
  for (const name of extra) {
    const found = findModule(name, cwd);
    if ('file' in found) files.push(found.file);
    else problems.push(`LECTERN_MODULES: ${name} ${found.problem}`);
  }
  return { files: [...new Set(files)], problems };
}

async function importModule(file: string): Promise<ReturnType<typeof checkModule>> {
  try {
    return checkModule((await import(pathToFileURL(file).href)) as Record<string, unknown>);
  } catch (error) {
    const remedy = file.endsWith('.ts') ? 'correct it, or name its compiled module.js' : 'correct it';
    return { problems: [`cannot be loaded: ${messageOf(error)}; ${remedy}`] };
  }
}

/**
 * Finds, imports and checks the modules. Throws MODULE_INVALID with every problem of every module at once, one a line,
 * each naming the file, the field and the remedy. Several versions of one NAME may be there, each a module of its own.
 */
export async function loadModules(
  options: LoadModulesOptions,
): Promise<{ readonly modules: readonly Module[] }> {
  const { files, problems: notFound } = findAll(options);
  const problems = [...notFound];
  const modules: Module[] = [];
  const fileOfId = new Map<string, string>();
  for (const file of files) {
    const checked = await importModule(file);
    if (!('module' in checked)) {
      problems.push(...checked.problems.map((problem) => `${file}: ${problem}`));
      continue;
    }
    const { module } = checked;
    const other = fileOfId.get(module.id);
    if (other !== undefined)
      problems.push(
        `${file}: NAME and VERSION: ${module.id} is also that of ${other}; rename one, raise the VERSION of the newer one, or leave one out`,
      );
    fileOfId.set(module.id, file);
    modules.push(module);
  }
  if (problems.length > 0)
    throw new LecternError('MODULE_INVALID', `the modules have problems:\n  ${problems.join('\n  ')}`);
  return { modules };
}

/** Imports and checks one module: the name of an npm package, a file or a folder. Throws MODULE_INVALID. */
export async function loadModule(name: string, cwd: string): Promise<Module> {
  const found = findModule(name, cwd);
  if ('problem' in found) throw new LecternError('MODULE_INVALID', `${name} ${found.problem}`);
  const checked = await importModule(found.file);
  if ('module' in checked) return checked.module;
  throw new LecternError(
    'MODULE_INVALID',
    `the module has problems:\n  ${checked.problems.map((problem) => `${found.file}: ${problem}`).join('\n  ')}`,
  );
}

/**
 * Every source that has a topic of its own, sorted: the modules' contexts, those of LECTERN_SOURCES, and those with a
 * schema in `schemas/sources/`. Throws CONFIG_INVALID, naming each that cannot be a source.
 */
export function sourcesOf(
  modules: readonly Module[],
  configured: readonly string[],
  schemasDir?: URL,
): readonly string[] {
  const typed = typedSourceNames(schemasDir);
  const contexts = modules.flatMap((module) => module.contexts).filter((context) => context !== BLOBS);
  const sources = new Set([...contexts, ...configured, ...typed]);
  const wrong = [...sources].filter((source) => !SOURCE_NAME.test(source) || source.startsWith('_'));
  if (wrong.length > 0)
    throw new LecternError(
      'CONFIG_INVALID',
      'LECTERN_SOURCES, schemas/sources: a source has 1 to 180 letters, digits, dots, - or _, and does not begin with ' +
        `_, as the archive's own folders do; found ${wrong.join(', ')}`,
    );
  return [...sources].sort();
}
