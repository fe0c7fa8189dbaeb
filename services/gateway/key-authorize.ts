import type { IncomingMessage } from 'node:http';
import type { Access } from './access.ts';
import type { Authorization, Authorize } from './authorize.ts';
import { vouches } from './credential.ts';

/**
 * Who may send by a standard: whoever has an API key for its source, and else whoever `own` lets in. A key is given as for
 * other requests, as a Bearer or as the password of Basic.
 */
export function withKeys(access: Pick<Access, 'checkKey' | 'pass'>, own: Authorize): Authorize {
  return async (request: IncomingMessage, source): Promise<Authorization> => {
    const checked = access.checkKey(request);
    if (checked === null) {
      const authorization = await own(request, source);
      if (authorization.kind === 'allowed') access.pass(request);
      return authorization;
    }
    if (checked.kind === 'refused') return { kind: 'refused', status: checked.status, error: checked.reason };
    if (checked.sources !== null && !checked.sources.has(source))
      return {
        kind: 'refused',
        status: 403,
        error: `the API key ${checked.id} is not for the source ${source}; use one that is`,
      };
    return { kind: 'allowed', vouched: vouches(checked) };
  };
}
