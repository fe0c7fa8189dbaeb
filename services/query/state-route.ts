import { Router } from 'express';
import { readAsked } from './asked.ts';
import type { Catalog } from './catalog.ts';
import type { StateReader } from './state-reader.ts';

export interface StateRouteDeps {
  readonly catalog: Catalog;
  readonly reader: StateReader;
}

/**
 * `GET /v1/state/<module>.<reducer>?STUDENT=...`: one key's external state, or the reducer's default. While the states
 * are made anew out of history it is neither, but null with `rebuilding: {next, target, progress}`.
 */
export function createStateRoute(deps: StateRouteDeps): Router {
  const { catalog, reader } = deps;
  const router = Router();
  router.get('/v1/state/:reducer', async (request, response) => {
    const asked = readAsked(catalog, request, response, 1);
    if (asked === null) return;
    const [reading] = await reader.read(asked.target, asked.keys);
    const { text, unit, rebuilding } = reading!;
    const asOf = unit === null || unit.offset === null ? null : unit;
    if (rebuilding !== null) {
      response.json({ state: null, default: false, rebuilding, asOf });
      return;
    }
    const state = text === null ? asked.target.reducer.default : (JSON.parse(text) as unknown);
    response.json({ state, default: text === null, asOf });
  });
  return router;
}
