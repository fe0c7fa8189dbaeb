/** Records that stand, by name, in the order in which the names first came. */
export interface Standing<T> {
  /** Live. */
  readonly values: ReadonlyMap<string, T>;
  /** Whether a record under this name has a place, or would get that of one that is over. */
  hasRoom(name: string, value: T): boolean;
  /** Takes it in any case: what is in the topic is in the topic. At the bound the oldest that is over makes room. */
  put(name: string, value: T): void;
  /** Begins from `values` as they were, whatever the bound. */
  restore(values: Iterable<readonly [string, T]>): void;
  delete(name: string): void;
}

export interface StandingOptions<T> {
  readonly most: number;
  /** Whether `one` need not be known any more when `newcomer` comes: by what both say, never by the clock of a reader. */
  readonly isOver: (one: T, newcomer: T) => boolean;
}

export function createStanding<T>({ most, isOver }: StandingOptions<T>): Standing<T> {
  const values = new Map<string, T>();
  const firstOver = (newcomer: T): string | undefined => {
    for (const [name, one] of values) if (isOver(one, newcomer)) return name;
    return undefined;
  };
  return {
    values,
    hasRoom: (name, value) => values.has(name) || values.size < most || firstOver(value) !== undefined,
    put(name, value) {
      if (!values.has(name) && values.size >= most) {
        const over = firstOver(value);
        if (over !== undefined) values.delete(over);
      }
      values.set(name, value);
    },
    restore(given) {
      for (const [name, value] of given) values.set(name, value);
    },
    delete: (name) => void values.delete(name),
  };
}
