import { createHmac } from 'node:crypto';

/** How a learner is known whose id must stand nowhere: `learner` of an erasure. */
export function learnerHash(salt: string, learner: string): string {
  return createHmac('sha256', Buffer.from(salt, 'hex')).update(learner).digest('hex');
}

/** What stands in the place of an erased learner's id. */
export function erasedName(hash: string): string {
  return `erased:${hash}`;
}

/** The reverse of `erasedName`. */
export function hashOfErasedName(name: string): string {
  return name.slice(erasedName('').length);
}
