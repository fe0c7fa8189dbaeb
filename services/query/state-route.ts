import { Router } from 'express';
import { type AskedDeps, readAsked } from './asked.ts';
import type { StateReader } from './state-reader.ts';

export interface StateRouteDeps extends AskedDeps {
  readonly reader: StateReader;
}

/**
 * `GET /v1/state/<module>.<reducer>?STUDENT=...`: one key's external state, or the reducer's default. While the states
 * are made anew out of history, or the version that is active is not installed here, it is neither, but null with
 * `rebuilding: {next, target, progress}`.
 */
export function createStateRoute(deps: StateRouteDeps): Router {
  const { reader } = deps;
  const router = Router();
  router.get('/v1/state/:reducer', async (request, response) => {
    const asked = await readAsked(deps, request, response, 1);
    if (asked === null) return;
    const { module } = asked.target;
    const reads = reader.read(asked.target, asked.keys);
    const [reading] = await deps.versions.reading(module.name, reads);
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
