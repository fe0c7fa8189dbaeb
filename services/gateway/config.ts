import { z } from 'zod';
import { redisShape } from '../shared/cluster-shapes.ts';
import { commonShape, flag, integer, list, stateBytes } from '../shared/config.ts';
import {
  type AccessVariables,
  accessShape,
  checkAccess,
  hasCredentials,
  hasTokens,
} from './access-config.ts';
import { IDENTITY_NAMES, type Identity, type IdentityName } from './identity.ts';
import { isLoopback } from './loopback.ts';
import { LTI_SECRET_BYTES } from './lti-session.ts';
import { type Origins, originList } from './origins.ts';
import { asksRoster, type StampRules, stampRules } from './stamp-rules.ts';
import { type StandardSendersConfig, standardSendersShape } from './standard-senders.ts';
import { trafficShape } from './traffic-config.ts';

const IN_ORDER = `must be one or more of ${IDENTITY_NAMES.join(', ')}, in the order to try them`;

const identityList = list
  .refine(
    (names) => names.length > 0 && names.every((name) => IDENTITY_NAMES.includes(name as IdentityName)),
    IN_ORDER,
  )
  .transform((names) => names as readonly IdentityName[]);

const BY_SOURCE = 'must be JSON, lists of identity methods by source: {"org.example.essay": ["lti_session"]}';

const identityBySource = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: BY_SOURCE });
      return z.NEVER;
    }
  })
  .pipe(
    z.record(
      z.string().min(1),
      z.array(z.enum(IDENTITY_NAMES, IN_ORDER), IN_ORDER).min(1, IN_ORDER),
      BY_SOURCE,
    ),
  )
  .transform((methods) => new Map(Object.entries(methods)));

/** The variables that the gateway reads besides those of the log. */
export const gatewayShape = {
  ...commonShape,
  LECTERN_PORT: integer(0, 65_535).default(8080),
  /** Chosen by somebody wherever others can reach the port; open for testing on this machine only. */
  LECTERN_IDENTITY: identityList.optional(),
  /** Sources with methods of their own. */
  LECTERN_IDENTITY_SOURCES: identityBySource.optional(),
  LECTERN_LTI_SECRET: z
    .string()
    .refine(
      (text) => Buffer.byteLength(text) >= LTI_SECRET_BYTES,
      `must have at least ${LTI_SECRET_BYTES} bytes; make one with: openssl rand -base64 ${LTI_SECRET_BYTES}`,
    )
    .optional(),
  LECTERN_ORIGINS: originList.optional(),
  /** Ids such as `ls-bob`, by lines or commas; as LECTERN_LOCAL_STORAGE_USERS_FILE the path of such a list. */
  LECTERN_LOCAL_STORAGE_USERS: z
    .string()
    .transform((text) => text.split(/[\n,]/).flatMap((line) => line.trim() || []))
    .default([]),
  LECTERN_GUESTS: flag.optional(),
  LECTERN_KEEP_IP: flag.default(false),
  ...accessShape,
  ...trafficShape,
  /** No blob may make a larger state than the worker takes. */
  LECTERN_MAX_STATE_BYTES: stateBytes,
  LECTERN_STAMP: stampRules,
  /** The JSON file of the school's classes, where LECTERN_STAMP asks the roster. */
  LECTERN_CLASSES_FILE: z.string().min(1).optional(),
  ...standardSendersShape,
};

/** Of a gateway on a cluster. Without Redis blobs cannot be fetched, and each gateway counts its senders by itself. */
export const optionalRedisShape = { LECTERN_REDIS_URL: redisShape.LECTERN_REDIS_URL.optional() };

interface GatewayVariables extends AccessVariables {
  readonly LECTERN_HOST: string;
  readonly LECTERN_IDENTITY?: readonly IdentityName[] | undefined;
  readonly LECTERN_IDENTITY_SOURCES?: ReadonlyMap<string, readonly IdentityName[]> | undefined;
  readonly LECTERN_LTI_SECRET?: string | undefined;
  readonly LECTERN_LOCAL_STORAGE_USERS: readonly string[];
  readonly LECTERN_GUESTS?: boolean | undefined;
  readonly LECTERN_STAMP: StampRules;
  readonly LECTERN_CLASSES_FILE?: string | undefined;
}

/** The rule of a schema with `gatewayShape` in it: nobody opens a school's gateway to the world by forgetting a line. */
function identityIsChosen(config: GatewayVariables): boolean {
  return config.LECTERN_IDENTITY !== undefined || hasCredentials(config) || isLoopback(config.LECTERN_HOST);
}

const IDENTITY_NOT_CHOSEN = {
  path: ['LECTERN_IDENTITY'],
  message: `must be set when LECTERN_HOST is not this machine's loopback address, because anybody there could send in any name: one or more of ${IDENTITY_NAMES.join(', ')}; or let senders prove themselves, by LECTERN_REQUIRE_KEY or LECTERN_JWT_JWKS_URL`,
  /** Reported together with the problems of other variables. */
  when: () => true,
};

/** The other rule: who is known by a signed cookie needs somebody who can read the signature. */
function ltiHasSecret(config: GatewayVariables): boolean {
  const { LECTERN_IDENTITY = [], LECTERN_IDENTITY_SOURCES: bySource } = config;
  // Asked with the problems of the variables themselves still in them, too.
  const lists = [LECTERN_IDENTITY, ...(bySource instanceof Map ? bySource.values() : [])];
  return config.LECTERN_LTI_SECRET !== undefined || !lists.flat().includes('lti_session');
}

const LTI_SECRET_MISSING = {
  path: ['LECTERN_LTI_SECRET'],
  message:
    'must be set for the identity method lti_session: the secret that its session cookies are signed with',
  when: () => true,
};

function rosterIsGiven({ LECTERN_STAMP, LECTERN_CLASSES_FILE }: GatewayVariables): boolean {
  return LECTERN_CLASSES_FILE !== undefined || !asksRoster(LECTERN_STAMP);
}

const ROSTER_MISSING = {
  path: ['LECTERN_STAMP'],
  message: 'has roster in it, which needs LECTERN_CLASSES_FILE, the file of the classes',
};

/** A schema with `gatewayShape` in it, and all rules about how its variables go together. */
export function withGatewayRules<T extends z.ZodType<GatewayVariables>>(schema: T): T {
  return schema
    .refine(identityIsChosen, IDENTITY_NOT_CHOSEN)
    .refine(ltiHasSecret, LTI_SECRET_MISSING)
    .refine(rosterIsGiven, ROSTER_MISSING)
    .superRefine(checkAccess);
}

function methodsOf(config: GatewayVariables): readonly IdentityName[] {
  if (config.LECTERN_IDENTITY !== undefined) return config.LECTERN_IDENTITY;
  if (!hasCredentials(config)) return ['local_storage', 'testcase_auth', 'guest'];
  const named: readonly IdentityName[] = config.LECTERN_REQUIRE_KEY === true ? ['local_storage'] : [];
  return hasTokens(config) ? ['jwt', ...named] : named;
}

/** Whether nobody said anything of who may send. */
function isUnconfigured(config: GatewayVariables): boolean {
  return (
    config.LECTERN_IDENTITY === undefined &&
    config.LECTERN_IDENTITY_SOURCES === undefined &&
    config.LECTERN_LOCAL_STORAGE_USERS.length === 0 &&
    !hasCredentials(config)
  );
}

/** How senders are identified. Guests are taken by default only where nothing at all was configured. */
export function identityOf(config: GatewayVariables): Identity {
  return {
    methods: methodsOf(config),
    sources: config.LECTERN_IDENTITY_SOURCES ?? new Map(),
    localStorageUsers: new Set(config.LECTERN_LOCAL_STORAGE_USERS),
    guests: config.LECTERN_GUESTS ?? isUnconfigured(config),
  };
}

/**
 * Whether anybody may send by a standard. Once somebody chose who may send, a loopback address is no reason any more: a
 * proxy that checks who comes reaches the gateway by it.
 */
export function isOpenForTesting(config: GatewayVariables & StandardSendersConfig): boolean {
  const { LECTERN_HOST, LECTERN_XAPI_CREDENTIALS, LECTERN_CALIPER_TOKENS } = config;
  const secrets = [...LECTERN_XAPI_CREDENTIALS, ...LECTERN_CALIPER_TOKENS];
  return isLoopback(LECTERN_HOST) && secrets.length === 0 && isUnconfigured(config);
}

/** Which pages may send: any for testing on this machine, none elsewhere until somebody says which. */
export function originsOf(config: { LECTERN_HOST: string; LECTERN_ORIGINS?: Origins | undefined }): Origins {
  return config.LECTERN_ORIGINS ?? (isLoopback(config.LECTERN_HOST) ? 'any' : new Set());
}
