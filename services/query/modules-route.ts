import { Router } from 'express';
import type { Catalog } from './catalog.ts';

/** `GET /v1/modules`: what can be asked for. */
export function createModulesRoute(catalog: Catalog): Router {
  const modules = catalog.modules.map(({ module, targets }) => ({
    name: module.name,
    version: module.version,
    reducers: targets.map(({ reducer, parameters }) => ({
      id: reducer.id,
      contexts: reducer.contexts,
      scope: parameters.map(({ name }) => name),
      default: reducer.default,
    })),
  }));
  const router = Router();
  router.get('/v1/modules', (_request, response) => void response.json({ modules }));
  return router;
}
