import { z } from 'zod';
import { commonShape, type Environment, parseConfig } from '../shared/config.ts';
import { LecternError } from '../shared/errors.ts';
import { loadInstallation } from '../shared/installation.ts';
import type { Module } from '../shared/module.ts';
import { loadModule } from '../shared/modules.ts';

const NAME = /^[A-Za-z_]\w*$/;

/**
 * The module that is meant: an installed one by its NAME, or a file, a folder or an npm package. Throws MODULE_INVALID, or
 * CONFIG_INVALID when there is none.
 */
export async function findOneModule(env: Environment, named: string): Promise<Module> {
  if (!NAME.test(named)) return loadModule(named, process.cwd());
  const { modules } = await loadInstallation(parseConfig(z.object(commonShape), env));
  const found = modules.find(({ name }) => name === named);
  if (found !== undefined) return found;
  throw new LecternError(
    'CONFIG_INVALID',
    `--module: there is no module ${named}; installed are ${modules.map(({ name }) => name).join(', ')}. A file or folder is named as ./path, more modules in LECTERN_MODULES`,
  );
}

/**
 * The module with no more than it takes to have the states of one reducer; of those that get their events under other keys
 * all of them, because the topic of these has the events of all.
 */
export function onlyReducer(module: Module, name: string | undefined): Module {
  if (name === undefined) return module;
  const wanted = module.reducers.find((reducer) => [reducer.name, reducer.id].includes(name));
  if (wanted === undefined)
    throw new LecternError(
      'CONFIG_INVALID',
      `--reducer: ${module.name} has no reducer ${name}; it has ${module.reducers.map((one) => one.name).join(', ')}`,
    );
  const { rekeyed } = wanted;
  const reducers = module.reducers.filter((reducer) => reducer === wanted || (rekeyed && reducer.rekeyed));
  const contexts = module.contexts.filter((context) =>
    reducers.some((one) => one.contexts.includes(context)),
  );
  return { ...module, reducers, contexts, rekeyed };
}
