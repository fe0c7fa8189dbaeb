import { randomBytes } from 'node:crypto';
import type { Erasure } from '../control/erasure-record.ts';
import { hashOfKey } from '../partition.ts';
import type { Erasures } from './erasures.ts';
import { learnerHash } from './learner-hash.ts';

export interface ToErase {
  /** The `safe_user_id`. */
  readonly learner: string;
  /** Microseconds since 1970. */
  readonly before: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What is to be decided to erase a learner, under the salt that the namespace has already. */
export function newErasure(
  { salt: had }: Pick<Erasures, 'salt'>,
  { learner, before, now }: ToErase,
): Erasure {
  const salt = had ?? randomBytes(16).toString('hex');
  return {
    kind: 'erasure',
    id: randomBytes(8).toString('hex'),
    salt,
    learner: learnerHash(salt, learner),
    keyHash: hashOfKey(learner),
    before,
    created: now,
  };
}
