import type { DecodedEvent } from './decode.ts';
import type { Entry } from './entry.ts';

/** How an asynchronous reducer ended, or that it did not in time. */
export type Budgeted<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'late' };

/** What the installation allows reducers. */
export interface FoldPolicy {
  /** The largest text of a state, in bytes; a state type may have its own. */
  readonly maxStateBytes: number;
  /** Calls the reducer of an entry with an event. Throws what it throws. */
  readonly call: (entry: Entry, event: DecodedEvent) => unknown;
  /** Waits for a reducer, not for ever. Never rejects, and what a late one does later reaches nobody. */
  readonly budget: (promise: Promise<unknown>) => Promise<Budgeted<unknown>>;
}
