import { randomBytes } from 'node:crypto';

/** A name that no other test uses, good for topics, groups, namespaces and buckets. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
