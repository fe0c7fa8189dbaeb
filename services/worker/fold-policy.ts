/** How an asynchronous reducer ended, or that it did not in time. */
export type Budgeted<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'late' };

/** What the installation allows reducers. */
export interface FoldPolicy {
  /** The largest text of a state, in bytes; a state type may have its own. */
  readonly maxStateBytes: number;
  /** Waits for a reducer, not for ever. Never rejects, and what a late one does later reaches nobody. */
  readonly budget: (promise: Promise<unknown>) => Promise<Budgeted<unknown>>;
}
