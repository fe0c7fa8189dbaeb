import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Whether a request may send events of a source. 401: nobody we know; 403: somebody who may not; 503: ask later. */
export type Authorization =
  | {
      readonly kind: 'allowed';
      /** False when nobody had to show anything. */
      readonly vouched: boolean;
    }
  | { readonly kind: 'refused'; readonly status: 401 | 403 | 503; readonly error: string };

/** Asked before a request's body is read. `source` is that of the events that it brings. */
export type Authorize = (request: IncomingMessage, source: string) => Authorization | Promise<Authorization>;

const ALLOWED: Authorization = { kind: 'allowed', vouched: true };
const OPEN: Authorization = { kind: 'allowed', vouched: false };

function refused(error: string): Authorization {
  return { kind: 'refused', status: 401, error };
}

/** Whether a text is one of the secrets, in a time that tells neither how much of it was right nor of which. */
function createSecrets(secrets: readonly string[]): (given: string) => boolean {
  // Hashed under a key of this process, all have one length, and nobody can aim at a hash.
  const key = randomBytes(32);
  const hashOf = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const hashes = secrets.map(hashOf);
  return (given) => {
    const hash = hashOf(given);
    let found = false;
    for (const known of hashes) found = timingSafeEqual(known, hash) || found;
    return found;
  };
}

interface Door {
  readonly secrets: readonly string[];
  /** Whether anybody may send while there is no secret. */
  readonly open: boolean;
  readonly scheme: RegExp;
  readonly secretOf: (credentials: string) => string;
  readonly errors: { readonly closed: string; readonly missing: string; readonly wrong: string };
}

function createAuthorize({ secrets, open, scheme, secretOf, errors }: Door): Authorize {
  const isSecret = createSecrets(secrets);
  return ({ headers }) => {
    if (secrets.length === 0) return open ? OPEN : refused(errors.closed);
    const credentials = scheme.exec(headers.authorization ?? '')?.[1];
    if (credentials === undefined) return refused(errors.missing);
    return isSecret(secretOf(credentials)) ? ALLOWED : refused(errors.wrong);
  };
}

/** HTTP Basic with any of these `user:password`. */
export function createBasicAuthorize(credentials: readonly string[], open: boolean): Authorize {
  return createAuthorize({
    secrets: credentials,
    open,
    scheme: /^Basic +([A-Za-z0-9+/]+=*)$/i,
    secretOf: (encoded) => Buffer.from(encoded, 'base64').toString(),
    errors: {
      closed: 'give an API key: no other credentials are configured here (LECTERN_XAPI_CREDENTIALS)',
      missing: 'authorization: must be Basic, with a user and a password',
      wrong: 'authorization: this user and password are not known here',
    },
  });
}

/** Any of these tokens as a Bearer. */
export function createBearerAuthorize(tokens: readonly string[], open: boolean): Authorize {
  return createAuthorize({
    secrets: tokens,
    open,
    scheme: /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i,
    secretOf: (token) => token,
    errors: {
      closed: 'give an API key: no other tokens are configured here (LECTERN_CALIPER_TOKENS)',
      missing: 'authorization: must be Bearer, with a token',
      wrong: 'authorization: this token is not known here',
    },
  });
}
