import { domainToASCII } from 'node:url';
import { type Block, type BlockSubject, blockName } from '../shared/control/access-record.ts';
import type { Auth } from '../shared/reducer-api.ts';

/** The blocks that stand, by name, and the time, in milliseconds since 1970. */
export interface BlocksNow {
  readonly blocks: ReadonlyMap<string, Block>;
  readonly now: number;
}

function standing({ blocks, now }: BlocksNow, subject: BlockSubject, value: string): Block | null {
  const found = blocks.get(blockName({ subject, value }));
  return found === undefined || (found.until !== null && found.until <= now) ? null : found;
}

/** A domain is blocked by itself, or by any that it lies in. */
function ofDomain(at: BlocksNow, domain: string): Block | null {
  for (let rest = domain; rest !== ''; rest = rest.slice(rest.indexOf('.') + 1)) {
    const found = standing(at, 'domain', rest);
    if (found !== null || !rest.includes('.')) return found;
  }
  return null;
}

/** The host of an Origin header; '' when it names none. */
export function hostOf(origin: string | null): string {
  try {
    return origin === null ? '' : new URL(origin).hostname;
  } catch {
    return '';
  }
}

/** Of the page that sends. */
export function blockOfHost(at: BlocksNow, host: string): Block | null {
  return at.blocks.size === 0 ? null : ofDomain(at, host);
}

export function blockOfSource(at: BlocksNow, source: string): Block | null {
  return at.blocks.size === 0 ? null : standing(at, 'source', source);
}

/** Of a learner: by id, or by what stands after the `@` of the name. */
export function blockOfLearner(at: BlocksNow, { user_id, safe_user_id }: Auth): Block | null {
  if (at.blocks.size === 0) return null;
  const byId = standing(at, 'safe_user_id', safe_user_id);
  const sign = user_id.lastIndexOf('@');
  if (byId !== null || sign === -1) return byId;
  return ofDomain(at, domainToASCII(user_id.slice(sign + 1)));
}

/** What a client of Learning Observer is told, and obeys. A limit in milliseconds says what is left of it. */
export interface BlocklistAnswer {
  readonly status: 'blocklist';
  readonly action: Block['action'];
  readonly time_limit: Block['timeLimit'];
  readonly message: string;
}

export function blocklistAnswer({ action, timeLimit, until, message }: Block, now: number): BlocklistAnswer {
  const left = typeof timeLimit === 'number' && until !== null ? Math.max(1, until - now) : timeLimit;
  return { status: 'blocklist', action, time_limit: left, message };
}
