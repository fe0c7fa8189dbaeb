import { createHash, randomBytes } from 'node:crypto';

/**
 * The text of an API key: `lct_<id>_<secret>`, 12 and 64 hex digits, so that whoever searches files and messages for
 * secrets finds it by `lct_[0-9a-f]{12}_[0-9a-f]{64}`.
 */
export const KEY_PREFIX = 'lct_';

const KEY = /^lct_([0-9a-f]{12})_[0-9a-f]{64}$/;

export interface NewKey {
  readonly id: string;
  /** Told once, and kept nowhere. */
  readonly key: string;
  /** What is kept. */
  readonly hash: string;
}

/** SHA-256. */
export function hashOfKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** The id in a key's text; null when the text is no key. */
export function idOfKey(text: string): string | null {
  return KEY.exec(text)?.[1] ?? null;
}

/** 256 random bits. */
export function newKey(): NewKey {
  const id = randomBytes(6).toString('hex');
  const key = `${KEY_PREFIX}${id}_${randomBytes(32).toString('hex')}`;
  return { id, key, hash: hashOfKey(key).toString('hex') };
}
