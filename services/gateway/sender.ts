import type { IncomingMessage } from 'node:http';
import { parseCookie, stringifySetCookie } from 'cookie';
import { callerOf, isSecure } from './address.ts';
import { basicUserOf } from './basic-user.ts';
import type { Credential } from './credential.ts';
import { GUEST_COOKIE, GUEST_ID, type Launch } from './identity.ts';
import type { LaunchOf } from './lti-session.ts';

/** What a request or an upgrade says about who sends. */
export interface Sender {
  /** With a guest's cookie in any case: the client's, or a new one. */
  readonly cookies: Readonly<Record<string, string | undefined>>;
  /** The header that gives the client its new guest's cookie; null when it has one. */
  readonly setCookie: string | null;
  /** JSON text of an event's `server`. */
  readonly server: string;
  /** The user name of its Authorization header, which only a proxy in front can have checked. */
  readonly basicUser: string | null;
  /** Its launch out of a learning platform, with the class. Says something of identities by `lti_session` only. */
  readonly launch: Launch | null;
  readonly origin: string | null;
  readonly credential: Credential;
}

const HEADER_CHARS = 500;
const GUEST_DAYS = 365;

function header(request: IncomingMessage, name: 'origin' | 'user-agent'): string | null {
  return request.headers[name]?.slice(0, HEADER_CHARS) ?? null;
}

export interface SenderSettings {
  /** Addresses of learners are kept only when somebody decided so. */
  readonly keepIp: boolean;
  /** How many in front are believed where a request comes from, and how. */
  readonly proxies: number;
  /** Whether pages of other sites are listed, whose guests have to be known again. */
  readonly crossSite: boolean;
  /** 32 hex digits. */
  readonly newGuestId: () => string;
  readonly launchOf: LaunchOf;
  /** What was found when the request was let in. */
  readonly credentialOf: (request: IncomingMessage) => Credential;
}

/** Browsers let pages of other sites have a cookie only when it says so, and say so only over https. */
function guestCookie(id: string, secure: boolean, crossSite: boolean): string {
  return stringifySetCookie({
    name: GUEST_COOKIE,
    value: id,
    httpOnly: true,
    secure,
    sameSite: secure && crossSite ? 'none' : 'lax',
    path: '/',
    maxAge: GUEST_DAYS * 86_400,
  });
}

/** Asked once, when a request or upgrade arrives: whatever takes time to find out about a sender is known after it. */
export async function senderOf(request: IncomingMessage, settings: SenderSettings): Promise<Sender> {
  const cookies = parseCookie(request.headers.cookie ?? '');
  const origin = header(request, 'origin');
  const credential = settings.credentialOf(request);
  const server = JSON.stringify({
    origin,
    agent: header(request, 'user-agent'),
    ip: settings.keepIp ? callerOf(request, settings.proxies) || null : null,
    executable: null,
  });
  // Who gives a key as the password has that checked, and nobody has checked the name beside it.
  const basicUser = credential.kind === 'api-key' ? null : basicUserOf(request);
  const said = { server, origin, credential, basicUser, launch: await settings.launchOf(cookies) };
  if (GUEST_ID.test(cookies[GUEST_COOKIE] ?? '')) return { ...said, cookies, setCookie: null };
  const id = settings.newGuestId();
  const setCookie = guestCookie(id, isSecure(request, settings.proxies), settings.crossSite);
  return { ...said, cookies: { ...cookies, [GUEST_COOKIE]: id }, setCookie };
}
