/**
 * What this process knows of statements by their ids: those that are on their way to the log, and the last ones that it
 * saw become durable.
 */
export interface StatementMemory {
  /**
   * new: nothing is known. same: it is durable. pending: the same statement is on its way. conflict: another statement
   * has the id. unsettled: another one with the id is on its way, and may fail.
   */
  look(id: string, hash: string): 'new' | 'same' | 'conflict' | 'unsettled' | Pending;
  /** The statements are on their way; `kept` says what became of them, and never rejects. */
  expect(statements: readonly KnownStatement[], kept: Promise<boolean>): void;
  /** They are durable. */
  add(statements: readonly KnownStatement[]): void;
}

export interface KnownStatement {
  readonly id: string;
  readonly hash: string;
}

/** The same statement is on its way: whether it became durable. */
export interface Pending {
  readonly kept: Promise<boolean>;
}

export function createStatementMemory(capacity: number): StatementMemory {
  const durable = new Map<string, string>();
  const underway = new Map<string, Pending & { readonly hash: string }>();
  return {
    look(id, hash) {
      const known = durable.get(id);
      if (known !== undefined) return known === hash ? 'same' : 'conflict';
      const pending = underway.get(id);
      if (pending === undefined) return 'new';
      return pending.hash === hash ? pending : 'unsettled';
    },
    expect(statements, kept) {
      for (const { id, hash } of statements) underway.set(id, { hash, kept });
      void kept.then(() => {
        for (const { id } of statements) underway.delete(id);
      });
    },
    add(statements) {
      for (const { id, hash } of statements) {
        // What is said again of an id is the older word: it was told of already.
        if (durable.has(id)) continue;
        durable.set(id, hash);
        // A map iterates in order of insertion, so the first is the oldest.
        if (durable.size > capacity)
          for (const oldest of durable.keys()) {
            durable.delete(oldest);
            break;
          }
      }
    },
  };
}
