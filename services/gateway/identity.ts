import type { Auth } from '../shared/reducer-api.ts';
import { type Credential, vouches } from './credential.ts';
import type { Problem } from './frame.ts';
import { usableName } from './usable-name.ts';

/** What a launch out of a learning platform says, as its session cookie tells it. */
export interface Launch {
  readonly userId: string;
  /** The class that it was launched from, and what the user is there; null when the platform did not say. */
  readonly context: string | null;
  readonly role: string | null;
}

export interface IdentityInput {
  /** The fields of a frame, locked ones written over them. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** By the time a method looks there is a guest's cookie, sent by the client or made for it. */
  readonly cookies: Readonly<Record<string, string | undefined>>;
  /** The user name of the Authorization header, when that is Basic and well-formed. */
  readonly basicUser?: string | null;
  /** Of a session cookie whose signature and time were right when the request or upgrade arrived. */
  readonly launch?: Launch | null;
  /** What the sender proved; nothing when it is not given. */
  readonly credential?: Credential;
}

interface IdentitySettings {
  /** Ids, such as `ls-bob`, that `local_storage` calls authenticated. */
  readonly localStorageUsers: ReadonlySet<string>;
  /** Whether `local_storage` and `chromebook` take ids that are not on that list. */
  readonly guests: boolean;
}

/** Null when it finds nobody named; `refused` when whoever is named may not send, as a guest neither. */
export type IdentityMethod = (input: IdentityInput, settings: IdentitySettings) => Auth | null | 'refused';

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

/** Each method's own `providence`, so that an identity tells which method gave it. */
const PROVIDENCES = {
  jwt: 'jwt',
  http_basic: 'nginx',
  chromebook: 'gcu',
  lti_session: 'lti',
  local_storage: 'ls',
  hash_identify: 'mch',
  testcase_auth: 'tc',
  guest: 'guest',
} as const;

export type IdentityName = keyof typeof PROVIDENCES;
export const IDENTITY_NAMES = Object.keys(PROVIDENCES) as readonly IdentityName[];

function authOf(method: IdentityName, sec: string, userId: string): Auth {
  const providence = PROVIDENCES[method];
  return { sec, user_id: userId, providence, safe_user_id: safeUserId(providence, userId) };
}

const NAME_CHARS = 200;

const nameIn = (value: unknown): string | null => usableName(value, NAME_CHARS);

/** The proxy in front has checked the password: list it only behind one, for else everybody can name anybody. */
function httpBasic({ basicUser }: IdentityInput): Auth | null {
  const name = nameIn(basicUser);
  return name === null ? null : authOf('http_basic', 'authenticated', name);
}

function ltiSession({ launch }: IdentityInput): Auth | null {
  const name = nameIn(launch?.userId);
  return name === null ? null : authOf('lti_session', 'authenticated', name);
}

/** Whoever the sign-in says: the token was checked before anything was read. */
function jwt({ credential }: IdentityInput): Auth | null {
  const name = credential?.kind === 'jwt' ? nameIn(credential.userId) : null;
  return name === null ? null : authOf('jwt', 'authenticated', name);
}

function localStorage(
  { fields, credential }: IdentityInput,
  settings: IdentitySettings,
): ReturnType<IdentityMethod> {
  const tag = nameIn(fields.user_tag);
  if (tag === null) return null;
  const userId = `ls-${tag}`;
  const isVouched = credential !== undefined && vouches(credential);
  if (isVouched || settings.localStorageUsers.has(userId))
    return authOf('local_storage', 'authenticated', userId);
  return settings.guests ? authOf('local_storage', 'unauthenticated', userId) : 'refused';
}

/** What quoting leaves as it is: this method's key is the user id itself. Real ones are digits. */
const CHROME_ID = /^[A-Za-z0-9_.~@-]+$/;

/** The browser's own account; it is believed as far as the tag that comes with it is. */
function chromebook(input: IdentityInput, settings: IdentitySettings): Auth | null {
  const chrome = input.fields.chrome_identity;
  const id = typeof chrome === 'object' && chrome !== null && 'id' in chrome ? nameIn(chrome.id) : null;
  if (id === null || !CHROME_ID.test(id)) return null;
  const tagged = localStorage(input, settings);
  const isListed = tagged !== null && tagged !== 'refused' && tagged.sec === 'authenticated';
  if (!isListed && !settings.guests) return null;
  const userId = `gc-${id}`;
  const auth = authOf('chromebook', isListed ? 'authenticated' : 'unauthenticated', userId);
  return { ...auth, safe_user_id: userId };
}

function hashIdentify({ fields }: IdentityInput): Auth | null {
  const hash = nameIn(fields.hash);
  return hash === null ? null : authOf('hash_identify', 'unauthenticated', `hi-${hash}`);
}

/** For tests only: whoever names a `user_id` is it. */
function testcase({ fields }: IdentityInput): Auth | null {
  const name = nameIn(fields.user_id);
  return name === null ? null : authOf('testcase_auth', 'unauthenticated', `testcase-${name}`);
}

function guest({ cookies }: IdentityInput): Auth | null {
  const id = cookies[GUEST_COOKIE];
  return id !== undefined && GUEST_ID.test(id) ? authOf('guest', 'none', id) : null;
}

/** Learning Observer's names, and `jwt`. A new method is one more line here and above. */
const IDENTITY_METHODS: Readonly<Record<IdentityName, IdentityMethod>> = {
  jwt,
  http_basic: httpBasic,
  chromebook,
  lti_session: ltiSession,
  local_storage: localStorage,
  hash_identify: hashIdentify,
  testcase_auth: testcase,
  guest,
};

export interface Identity extends IdentitySettings {
  /** Asked in this order; the first that gives an identity decides. */
  readonly methods: readonly IdentityName[];
  /** Sources that have methods of their own, instead of those. */
  readonly sources: ReadonlyMap<string, readonly IdentityName[]>;
}

/** Those of the event's source, which is the one after the locked fields; of an event without one, the usual ones. */
function methodsOf(fields: IdentityInput['fields'], identity: Identity): readonly IdentityName[] {
  const { source } = fields;
  return (typeof source === 'string' ? identity.sources.get(source) : undefined) ?? identity.methods;
}

/** These say the same whatever is in an event: with a vouching key they would make one learner of many. */
const BLIND: ReadonlySet<IdentityName> = new Set(['http_basic', 'lti_session', 'guest']);

const NOT_LISTED: Problem = {
  error: 'user_tag: this user is not on the list of those who may send',
  remedy: 'correct the tag, or have it listed',
};

/**
 * Null when nobody is named; a problem when somebody is who may not send. Whom a method refuses can still prove who it
 * is to a later one, but becomes nobody else.
 */
export function identify(input: IdentityInput, identity: Identity): Auth | Problem | null {
  const isVouched = input.credential !== undefined && vouches(input.credential);
  let isRefused = false;
  for (const name of methodsOf(input.fields, identity)) {
    if (isVouched && BLIND.has(name)) continue;
    const auth = IDENTITY_METHODS[name](input, identity);
    if (auth === 'refused') isRefused = true;
    else if (auth !== null && (!isRefused || auth.sec === 'authenticated')) return auth;
  }
  return isRefused ? NOT_LISTED : null;
}

/**
 * Why an identity may not send an event: a method gave it that the event's source does not take. It is refused and not
 * identified anew, so that a connection is one learner from its first event to its last.
 */
export function refusalOf(auth: Auth, fields: IdentityInput['fields'], identity: Identity): Problem | null {
  const methods = methodsOf(fields, identity);
  if (methods.some((name) => PROVIDENCES[name] === auth.providence)) return null;
  const own = IDENTITY_NAMES.find((name) => PROVIDENCES[name] === auth.providence) ?? auth.providence;
  return {
    error: `source: its events need an identity by ${methods.join(' or ')}, and this sender has one by ${own}`,
    remedy: 'send them in a connection or request of their own, and identify in it',
  };
}
