import { timingSafeEqual } from 'node:crypto';
import { hashOfKey, idOfKey } from '../shared/access-key.ts';
import type { ApiKey } from '../shared/control/access-record.ts';
import { type KeyCredential, type Refused, refused } from './credential.ts';

type ApiKeys = ReadonlyMap<string, ApiKey>;

/** Why a key is not valid any more; null when it is. */
export function keyFault({ revoked, expires }: ApiKey, now: number): string | null {
  if (revoked !== null) return 'the API key was revoked';
  return expires !== null && expires <= now ? 'the API key has expired' : null;
}

/** Whoever does not have the whole key is not told whether its id is one, or what became of it. */
export function checkKey(text: string, apiKeys: ApiKeys, now: number): KeyCredential | Refused {
  const id = idOfKey(text);
  const key = id === null ? undefined : apiKeys.get(id);
  const isIt = key !== undefined && timingSafeEqual(hashOfKey(text), Buffer.from(key.hash, 'hex'));
  if (!isIt) return refused(401, 'the API key is not one of this installation');
  const fault = keyFault(key, now);
  if (fault !== null) return refused(401, fault);
  const { sources, vouches, expires } = key;
  return {
    kind: 'api-key',
    id: key.id,
    sources: sources === null ? null : new Set(sources),
    vouches,
    expiresAt: expires,
  };
}
