import { createHash } from 'node:crypto';
import type { Auth } from '../shared/reducer-api.ts';
import { safeUserId } from './identity.ts';
import { isWellFormed } from './usable-name.ts';

type Fields = Readonly<Record<string, unknown>>;

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function named(kind: string, text: string): string | null {
  return isWellFormed(text) ? `${kind}-${hashOf(text)}` : null;
}

function ofAccount(account: unknown): string | null {
  const { homePage, name } = (account ?? {}) as Fields;
  // As JSON, no two pairs have one text.
  return named('account', JSON.stringify([homePage, name]));
}

function ofMembers(members: unknown): string | null {
  const ids = Array.isArray(members) ? members.map(actorId) : [];
  return ids.length === 0 || ids.includes(null) ? null : named('group', ids.sort().join(' '));
}

/**
 * An actor's id, of a valid statement: `<kind of identifier>-<SHA-256 of it, in hex>`, so that no address or name of a
 * learner stands in keys, URLs and rosters. The same identifier always gives the same id. Of a group without an
 * identifier it is made of its members'. Null when the identifier is not well-formed text, or there is none.
 */
export function actorId(actor: unknown): string | null {
  const { mbox, mbox_sha1sum, openid, account, member } = (actor ?? {}) as Fields;
  if (typeof mbox === 'string') return named('mbox', mbox);
  if (typeof mbox_sha1sum === 'string') return named('mbox_sha1sum', mbox_sha1sum.toLowerCase());
  if (typeof openid === 'string') return named('openid', openid);
  return account === undefined ? ofMembers(member) : ofAccount(account);
}

/** Who an event of a standard is about. `vouched`: whoever sent it showed that it may send. */
export function standardAuth(providence: 'xapi' | 'caliper', userId: string, vouched: boolean): Auth {
  const sec = vouched ? 'authenticated' : 'unauthenticated';
  return { sec, user_id: userId, providence, safe_user_id: safeUserId(providence, userId) };
}

/** The key of an xAPI actor in topics, states and rosters. */
export function safeActorId(actor: unknown): string | null {
  const id = actorId(actor);
  return id === null ? null : safeUserId('xapi', id);
}

/** The id of a Caliper agent, given by its IRI: `agent-<SHA-256 of it, in hex>`; null as above. */
export function agentId(iri: string): string | null {
  return named('agent', iri);
}
