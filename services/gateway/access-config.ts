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

type Variables = AccessVariables & {
  readonly LECTERN_IDENTITY?: readonly string[] | undefined;
  readonly LECTERN_IDENTITY_SOURCES?: ReadonlyMap<string, readonly string[]> | undefined;
};

const CHECKED_CLAIMS = ['LECTERN_JWT_ISSUER', 'LECTERN_JWT_AUDIENCE'] as const;
const NEEDS_KEYS = 'has jwt in it, which needs LECTERN_JWT_JWKS_URL or LECTERN_JWT_JWKS_FILE';
const DOES_NOTHING =
  'does nothing without LECTERN_JWT_JWKS_URL or LECTERN_JWT_JWKS_FILE; set one, or remove it';
const NEEDS_CLAIM = 'must be set with the keys of tokens, because tokens for others would be taken, too';

type Problem = readonly [field: string, message: string];

/** What makes no sense where tokens are not configured. */
function problemsWithoutTokens(config: Variables): readonly Problem[] {
  const { LECTERN_IDENTITY = [], LECTERN_IDENTITY_SOURCES = new Map<string, readonly string[]>() } = config;
  const lists = [
    ['LECTERN_IDENTITY', LECTERN_IDENTITY] as const,
    ...[...LECTERN_IDENTITY_SOURCES].map(
      ([source, methods]) => [`LECTERN_IDENTITY_SOURCES.${source}`, methods] as const,
    ),
  ];
  return [
    ...lists.flatMap(([field, methods]): Problem[] => (methods.includes('jwt') ? [[field, NEEDS_KEYS]] : [])),
    ...CHECKED_CLAIMS.flatMap((name): Problem[] =>
      config[name] === undefined ? [] : [[name, DOES_NOTHING]],
    ),
  ];
}

/** For the refinement of a schema with `accessShape` in it. */
export function checkAccess(config: Variables, { addIssue }: z.core.$RefinementCtx): void {
  const report = ([field, message]: Problem): void => addIssue({ code: 'custom', path: [field], message });
  if (!hasTokens(config)) {
    problemsWithoutTokens(config).forEach(report);
    return;
  }
  if (config.LECTERN_JWT_JWKS_URL !== undefined && config.LECTERN_JWT_JWKS !== undefined)
    report(['LECTERN_JWT_JWKS', 'is given together with LECTERN_JWT_JWKS_URL; keep one']);
  for (const name of CHECKED_CLAIMS) if (config[name] === undefined) report([name, NEEDS_CLAIM]);
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
