import type { Request, Response } from 'express';
import type { KeyValues } from '../shared/state-key.ts';
import { type Catalog, moduleOf, type Target } from './catalog.ts';
import { parseKeys } from './parameters.ts';
import type { Versions } from './versions.ts';

export interface AskedDeps {
  readonly catalog: Catalog;
  readonly versions: Pick<Versions, 'settled' | 'reading'>;
}

export interface Asked {
  readonly target: Target;
  readonly keys: readonly KeyValues[];
}

/**
 * What a request to `/v1/.../:reducer?STUDENT=...` asks for. Null when it was answered: 404 with the known names for an
 * unknown reducer, 400 with every problem of its parameters. Waits until it is known which version is shown; rejects with
 * a retriable STATE_UNAVAILABLE when that takes long.
 */
export async function readAsked(
  { catalog, versions }: AskedDeps,
  request: Request<{ reducer: string }>,
  response: Response,
  maxKeys: number,
): Promise<Asked | null> {
  const { reducer } = request.params;
  await versions.settled(moduleOf(reducer));
  const target = catalog.find(reducer);
  if (target === undefined) {
    const error = `no reducer is called ${JSON.stringify(reducer)}; known are ${catalog.ids().join(', ')}`;
    response.status(404).json({ error, known: catalog.ids() });
    return null;
  }
  const query = request.originalUrl.split('?').slice(1).join('?');
  const parsed = parseKeys(target, new URLSearchParams(query), maxKeys);
  if (parsed.kind === 'ok') return { target, keys: parsed.keys };
  response.status(400).json({
    error: parsed.problems.join('\n'),
    problems: parsed.problems,
    needs: target.parameters.map(({ name }) => name),
  });
  return null;
}
