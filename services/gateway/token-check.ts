import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { type Checked, refused } from './credential.ts';
import { usableName } from './usable-name.ts';

export interface TokenSettings {
  /** Where the keys of the school's sign-in are published, or their JWKS itself. */
  readonly jwks: { readonly url: string } | { readonly text: string };
  readonly issuer: string;
  /** A token must be for one of them. */
  readonly audience: readonly string[];
  /** The claim that names the learner. */
  readonly claim: string;
  readonly algorithms: readonly string[];
}

export type CheckToken = (token: string) => Promise<Checked>;

/** None with a shared secret: whoever can check those can make them. */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** For a token with a key that is not known yet the keys are fetched again, but not more often. */
const COOLDOWN_MS = 10_000;
/** The keys are believed for this long without being fetched again. */
const KEEP_MS = 600_000;
const FETCH_MS = 5_000;
/** What the clocks of the sign-in and of this machine may differ by. */
const TOLERANCE_S = 5;
const WARN_EVERY_MS = 60_000;
const USER_CHARS = 200;

/** What is wrong with a token, by the codes of jose. Any other fault is ours, or that of whoever publishes the keys. */
const TOKEN_FAULTS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'the token has expired',
  ERR_JWT_INVALID: 'the token is no JWT',
  ERR_JWS_INVALID: 'the token is no signed JWT',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'the signature of the token is wrong',
  ERR_JOSE_ALG_NOT_ALLOWED: 'the token is signed by an algorithm that is not allowed here',
  ERR_JOSE_NOT_SUPPORTED: 'the token is signed in a way that is not supported',
  ERR_JWKS_NO_MATCHING_KEY: 'the token is signed by a key that is not among the published ones',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'the token does not name its key (kid), and several match',
};

function faultOf(error: unknown): string | null {
  const { code, claim } = error as { code?: unknown; claim?: unknown };
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED')
    return `the token's claim ${String(claim)} is missing, or not what it must be here`;
  return TOKEN_FAULTS[String(code)] ?? null;
}

function credentialOf(payload: JWTPayload, claim: string): Checked {
  const userId = usableName(payload[claim], USER_CHARS);
  if (userId === null)
    return refused(401, `the token's claim ${claim} must be a text of 1 to ${USER_CHARS} characters`);
  return { kind: 'jwt', userId, expiresAt: (payload.exp ?? 0) * 1_000 };
}

export interface TokenCheckDeps {
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly cooldownMs?: number;
}

/**
 * Checks tokens by the published keys. Never rejects: while the keys cannot be had a token is refused with 503, as nobody
 * knows whether it is good. Keys that change are found by themselves.
 */
export function createTokenCheck(settings: TokenSettings, deps: TokenCheckDeps): CheckToken {
  const { jwks, issuer, audience, claim, algorithms } = settings;
  const now = deps.now ?? Date.now;
  const keys: JWTVerifyGetKey =
    'url' in jwks
      ? createRemoteJWKSet(new URL(jwks.url), {
          timeoutDuration: FETCH_MS,
          cooldownDuration: deps.cooldownMs ?? COOLDOWN_MS,
          cacheMaxAge: KEEP_MS,
        })
      : createLocalJWKSet(JSON.parse(jwks.text) as Parameters<typeof createLocalJWKSet>[0]);
  let warnedAt = Number.NEGATIVE_INFINITY;

  function unavailable(error: unknown): Checked {
    if (performance.now() - warnedAt > WARN_EVERY_MS) {
      warnedAt = performance.now();
      deps.logger.warn(
        { error: messageOf(error) },
        'tokens cannot be checked: their keys cannot be had from LECTERN_JWT_JWKS_URL',
      );
    }
    return refused(503, 'tokens cannot be checked now; come again later');
  }

  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience: [...audience],
        algorithms: [...algorithms],
        requiredClaims: ['exp', claim],
        clockTolerance: TOLERANCE_S,
        currentDate: new Date(now()),
      });
      return credentialOf(payload, claim);
    } catch (error) {
      const fault = faultOf(error);
      return fault === null ? unavailable(error) : refused(401, fault);
    }
  };
}
