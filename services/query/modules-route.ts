import { setTimeout as delay } from 'node:timers/promises';
import { Router } from 'express';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/module.ts';
import { watchVersion } from '../shared/versions/look.ts';
import type { ReachDeps } from '../shared/versions/reach.ts';
import { shapeOf } from '../shared/versions/shape.ts';
import type { Catalog } from './catalog.ts';
import type { Versions } from './versions.ts';

export interface ModulesRouteDeps extends ReachDeps {
  readonly catalog: Catalog;
  readonly versions: Pick<Versions, 'settled'>;
  /** Of all versions that are here; those that nobody may ask for are not named. */
  readonly modules: readonly Module[];
  readonly namespace: string;
  readonly logger: Logger;
}

/** Between two looks at how far a version is: pages ask often. */
const KEPT_MS = 1_000;
/** A page waits no longer for what it shows in the margin. */
const PATIENCE_MS = 1_000;

interface Looked {
  readonly at: number;
  readonly progress: Promise<number | null>;
}

/**
 * `GET /v1/modules`: what can be asked for, of each module the version that is shown; and its `versions`: those that are
 * installed here, and the active one, each with how much of its states is made, from 0 to 1, null where nobody knows.
 */
export function createModulesRoute(deps: ModulesRouteDeps): Router {
  const { catalog, versions, modules, namespace, logger } = deps;
  const looks = new Map<Module, Looked>();

  const progressOf = (module: Module): Promise<number | null> => {
    const known = looks.get(module);
    if (known !== undefined && Date.now() - known.at < KEPT_MS) return known.progress;
    const looking = watchVersion(deps, shapeOf(namespace, module), null)
      .look()
      .then(
        (look) => look.progress,
        (error: unknown) => {
          logger.debug(
            { module: module.id, error: messageOf(error) },
            'how far the version is cannot be told',
          );
          return null;
        },
      );
    const progress = Promise.race([looking, delay(PATIENCE_MS, null, { ref: false })]);
    looks.set(module, { at: Date.now(), progress });
    return progress;
  };

  const versionsOf = async (shown: Module, lacks: number | null): Promise<readonly object[]> => {
    const here = modules.filter(({ name }) => name === shown.name);
    const known = await Promise.all(
      here.map(async (module) => ({
        version: module.version,
        active: lacks === null && module === shown,
        installed: true,
        progress: await progressOf(module),
      })),
    );
    const missing =
      lacks === null ? [] : [{ version: lacks, active: true, installed: false, progress: null }];
    return [...known, ...missing].sort((a, b) => a.version - b.version);
  };

  const router = Router();
  router.get('/v1/modules', async (_request, response) => {
    const listed = catalog.modules();
    await Promise.all(listed.map(({ module }) => versions.settled(module.name)));
    const shown = await Promise.all(
      catalog.modules().map(async ({ module, lacks, targets }) => ({
        name: module.name,
        version: module.version,
        versions: await versionsOf(module, lacks),
        reducers: targets.map(({ reducer, parameters }) => ({
          id: reducer.id,
          contexts: reducer.contexts,
          scope: parameters.map(({ name }) => name),
          default: reducer.default,
        })),
      })),
    );
    response.json({ modules: shown });
  });
  return router;
}
