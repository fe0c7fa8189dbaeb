import { z } from 'zod';
import { flag, list } from '../shared/config.ts';
import { isLoopback } from './loopback.ts';
import { TOKEN_ALGORITHMS, type TokenSettings } from './token-check.ts';

/** Keys that come over a line that anybody can write on prove nothing. */
function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

const jwks = z.object({
  keys: z
    .array(
      z.looseObject({
        kty: z.enum(['RSA', 'EC', 'OKP']),
        d: z.undefined('must not be there: it is the private part of a key').optional(),
      }),
    )
    .min(1),
});

function isJwks(text: string): boolean {
  try {
    return jwks.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

/** The variables that say who may send. */
export const accessShape = {
  LECTERN_REQUIRE_KEY: flag.default(false),
  LECTERN_JWT_JWKS_URL: z
    .string()
    .refine(isSafeUrl, 'must be a URL with https://, or http:// on this machine')
    .optional(),
  /** As LECTERN_JWT_JWKS_FILE the path of it. */
  LECTERN_JWT_JWKS: z
    .string()
    .refine(isJwks, 'must be a JSON Web Key Set of public keys: {"keys": [...]} with kty RSA, EC or OKP')
    .optional(),
  LECTERN_JWT_ISSUER: z.string().min(1).optional(),
  LECTERN_JWT_AUDIENCE: list.refine((names) => names.length > 0, 'must name one or more').optional(),
  LECTERN_JWT_CLAIM: z.string().min(1).default('sub'),
  LECTERN_JWT_ALGORITHMS: list
    .refine(
      (names) =>
        names.length > 0 && names.every((name) => (TOKEN_ALGORITHMS as readonly string[]).includes(name)),
      `must be one or more of ${TOKEN_ALGORITHMS.join(', ')}`,
    )
    .default([...TOKEN_ALGORITHMS]),
};

export type AccessVariables = Readonly<Partial<z.output<z.ZodObject<typeof accessShape>>>>;

export function hasTokens(config: AccessVariables): boolean {
  return config.LECTERN_JWT_JWKS_URL !== undefined || config.LECTERN_JWT_JWKS !== undefined;
}

/** Whether senders prove themselves by a key or a token: then an identity method is chosen already. */
export function hasCredentials(config: AccessVariables): boolean {
  return config.LECTERN_REQUIRE_KEY === true || hasTokens(config);
}

type Variables = AccessVariables & { readonly LECTERN_IDENTITY?: readonly string[] | undefined };

/** For the refinement of a schema with `accessShape` in it. */
export function checkAccess(config: Variables, { addIssue }: z.core.$RefinementCtx): void {
  const report = (field: string, message: string): void =>
    addIssue({ code: 'custom', path: [field], message });
  if (config.LECTERN_JWT_JWKS_URL !== undefined && config.LECTERN_JWT_JWKS !== undefined)
    report('LECTERN_JWT_JWKS', 'is given together with LECTERN_JWT_JWKS_URL; keep one');
  if (!hasTokens(config)) {
    if (config.LECTERN_IDENTITY?.includes('jwt') === true)
      report('LECTERN_IDENTITY', 'has jwt in it, which needs LECTERN_JWT_JWKS_URL or LECTERN_JWT_JWKS_FILE');
    for (const name of ['LECTERN_JWT_ISSUER', 'LECTERN_JWT_AUDIENCE'] as const)
      if (config[name] !== undefined)
        report(
          name,
          'does nothing without LECTERN_JWT_JWKS_URL or LECTERN_JWT_JWKS_FILE; set one, or remove it',
        );
    return;
  }
  for (const name of ['LECTERN_JWT_ISSUER', 'LECTERN_JWT_AUDIENCE'] as const)
    if (config[name] === undefined)
      report(name, 'must be set with the keys of tokens, because tokens for others would be taken, too');
}

/** Null where tokens are not configured. */
export function tokenSettingsOf(config: AccessVariables): TokenSettings | null {
  const { LECTERN_JWT_JWKS_URL: url, LECTERN_JWT_JWKS: text = '' } = config;
  if (!hasTokens(config)) return null;
  return {
    jwks: url === undefined ? { text } : { url },
    issuer: config.LECTERN_JWT_ISSUER ?? '',
    audience: config.LECTERN_JWT_AUDIENCE ?? [],
    claim: config.LECTERN_JWT_CLAIM ?? 'sub',
    algorithms: config.LECTERN_JWT_ALGORITHMS ?? TOKEN_ALGORITHMS,
  };
}
