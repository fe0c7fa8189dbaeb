import type { Auth } from '../shared/reducer-api.ts';

export interface IdentityInput {
  /** The fields of a frame, locked ones written over them. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** By the time a method looks there is a guest's cookie, sent by the client or made for it. */
  readonly cookies: Readonly<Record<string, string | undefined>>;
}

interface IdentitySettings {
  /** Ids, such as `ls-bob`, that `local_storage` calls authenticated. */
  readonly localStorageUsers: ReadonlySet<string>;
  /** Whether `local_storage` takes ids that are not on that list. */
  readonly guests: boolean;
}

export type IdentityMethod = (input: IdentityInput, settings: IdentitySettings) => Auth | null;

export const GUEST_COOKIE = 'lectern_guest';
export const GUEST_ID = /^[0-9a-f]{32}$/;

/** Python's `urllib.parse.quote_plus(text, safe='@')`: what a form would send, with `@` kept. */
function quote(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%40', '@')
    .replaceAll('%20', '+');
}

/** The key of a learner in topics, states and rosters: `ls-ls-bob`. */
export function safeUserId(providence: string, userId: string): string {
  return `${providence}-${quote(userId)}`;
}

function authOf(providence: string, sec: string, userId: string): Auth {
  return { sec, user_id: userId, providence, safe_user_id: safeUserId(providence, userId) };
}

const NAME_CHARS = 200;

/** A name as it may stand in a key. Lone surrogates have no UTF-8 form: two of them would become one learner. */
function nameIn(value: unknown): string | null {
  const usable =
    typeof value === 'string' && value !== '' && value.length <= NAME_CHARS && !/\p{Surrogate}/u.test(value);
  return usable ? value : null;
}

function localStorage({ fields }: IdentityInput, settings: IdentitySettings): Auth | null {
  const tag = nameIn(fields.user_tag);
  if (tag === null) return null;
  const userId = `ls-${tag}`;
  if (settings.localStorageUsers.has(userId)) return authOf('ls', 'authenticated', userId);
  return settings.guests ? authOf('ls', 'unauthenticated', userId) : null;
}

/** For tests only: whoever names a `user_id` is it. */
function testcase({ fields }: IdentityInput): Auth | null {
  const name = nameIn(fields.user_id);
  return name === null ? null : authOf('tc', 'unauthenticated', `testcase-${name}`);
}

function guest({ cookies }: IdentityInput): Auth | null {
  const id = cookies[GUEST_COOKIE];
  return id !== undefined && GUEST_ID.test(id) ? authOf('guest', 'none', id) : null;
}

/** Learning Observer's names. A new method is one more line here. */
const IDENTITY_METHODS = {
  local_storage: localStorage,
  testcase_auth: testcase,
  guest,
} as const satisfies Readonly<Record<string, IdentityMethod>>;

export type IdentityName = keyof typeof IDENTITY_METHODS;
export const IDENTITY_NAMES = Object.keys(IDENTITY_METHODS) as readonly IdentityName[];

export interface Identity extends IdentitySettings {
  /** Asked in this order; the first that gives an identity decides. */
  readonly methods: readonly IdentityName[];
}

export function identify(input: IdentityInput, identity: Identity): Auth | null {
  for (const name of identity.methods) {
    const auth = IDENTITY_METHODS[name](input, identity);
    if (auth !== null) return auth;
  }
  return null;
}
