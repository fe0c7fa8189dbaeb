import type { Append, Appends } from './appends.ts';
import type { EventRecord } from './envelope.ts';
import { keptInTime } from './kept-in-time.ts';
import type { LogRefusal } from './log-refusal.ts';
import { fullNameOf } from './recent-ids.ts';

/** Events that have one answer together. */
export interface Together<E extends EventRecord> {
  readonly all: readonly E[];
  /** Those of them that nothing is known of. */
  readonly fresh: readonly E[];
  /** What others of them share, on their way already. */
  readonly joined: readonly Append[];
}

/**
 * kept: all are durable. refused: the log will never take one of them, the others are durable. unkept: not all became
 * durable in time, and what was not begun is dropped.
 */
export type Kept =
  | { readonly kind: 'kept' | 'unkept' }
  | { readonly kind: 'refused'; readonly index: number; readonly refusal: LogRefusal };

function refusedOf(all: readonly EventRecord[], appends: readonly Append[]): Kept | null {
  const refusing = appends.filter(({ refused }) => refused.size > 0);
  if (refusing.length === 0) return null;
  for (const [index, event] of all.entries())
    for (const { refused } of refusing) {
      const refusal = refused.get(fullNameOf(event));
      if (refusal !== undefined) return { kind: 'refused', index, refusal };
    }
  return null;
}

/** Appends what is fresh, before anything else happens, and waits for everything. */
export async function keepTogether<E extends EventRecord>(
  appends: Appends<E>,
  { all, fresh, joined }: Together<E>,
  timeoutMs: number,
): Promise<Kept> {
  const own = fresh.length === 0 ? [] : [appends.append(fresh)];
  if (own.includes(null)) return { kind: 'unkept' };
  for (const append of joined) append.join();
  const waitedFor = [...own, ...joined].filter((append) => append !== null);
  const kept = await keptInTime(
    Promise.all(waitedFor.map((append) => append.kept)).then(() => undefined),
    timeoutMs,
  );
  for (const append of waitedFor) append.leave();
  return kept ? (refusedOf(all, waitedFor) ?? { kind: 'kept' }) : { kind: 'unkept' };
}
