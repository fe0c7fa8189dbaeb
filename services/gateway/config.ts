import { z } from 'zod';
import { commonShape, flag, integer, list } from '../shared/config.ts';
import { IDENTITY_NAMES, type Identity, type IdentityName } from './identity.ts';

const identityList = list
  .refine(
    (names) => names.length > 0 && names.every((name) => IDENTITY_NAMES.includes(name as IdentityName)),
    {
      message: `must be one or more of ${IDENTITY_NAMES.join(', ')}, in the order to try them`,
    },
  )
  .transform((names) => names as readonly IdentityName[]);

/** The variables that the gateway reads besides those of the log. */
export const gatewayShape = {
  ...commonShape,
  LECTERN_PORT: integer(0, 65_535).default(8080),
  /** Chosen by somebody wherever others can reach the port; open for testing on this machine only. */
  LECTERN_IDENTITY: identityList.optional(),
  /** Ids such as `ls-bob`, by lines or commas; as LECTERN_LOCAL_STORAGE_USERS_FILE the path of such a list. */
  LECTERN_LOCAL_STORAGE_USERS: z
    .string()
    .transform((text) => text.split(/[\n,]/).flatMap((line) => line.trim() || []))
    .default([]),
  LECTERN_GUESTS: flag.optional(),
  LECTERN_KEEP_IP: flag.default(false),
};

interface IdentityVariables {
  readonly LECTERN_HOST: string;
  readonly LECTERN_IDENTITY?: readonly IdentityName[] | undefined;
  readonly LECTERN_LOCAL_STORAGE_USERS: readonly string[];
  readonly LECTERN_GUESTS?: boolean | undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** The rule of a schema with `gatewayShape` in it: nobody opens a school's gateway to the world by forgetting a line. */
export function identityIsChosen(config: IdentityVariables): boolean {
  return config.LECTERN_IDENTITY !== undefined || isLoopback(config.LECTERN_HOST);
}

export const IDENTITY_NOT_CHOSEN = {
  path: ['LECTERN_IDENTITY'],
  message: `must be set when LECTERN_HOST is not this machine's loopback address, because anybody there could send in any name: one or more of ${IDENTITY_NAMES.join(', ')}`,
  /** Reported together with the problems of other variables. */
  when: () => true,
};

/** How senders are identified. Guests are taken by default only where nothing at all was configured. */
export function identityOf(config: IdentityVariables): Identity {
  const users = new Set(config.LECTERN_LOCAL_STORAGE_USERS);
  const unconfigured = config.LECTERN_IDENTITY === undefined && users.size === 0;
  return {
    methods: config.LECTERN_IDENTITY ?? ['local_storage', 'testcase_auth', 'guest'],
    localStorageUsers: users,
    guests: config.LECTERN_GUESTS ?? unconfigured,
  };
}
