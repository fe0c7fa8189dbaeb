export interface SearchStart {
  /** How far the first run goes. */
  readonly to: number;
  /** An end after which the state is known not to settle; null when none is known. */
  readonly bad: number | null;
}

/**
 * Looks in a row of events for those after which a state, good before, is not: it runs one, two, four ... events on,
 * and where the state is bad after a run, it halves the way back. So one bad event among many is found with few looks at
 * the state, and many bad ones cost one look each.
 */
export interface BoundarySearch {
  /** All events before it are behind us, and the state before it is good. */
  readonly at: number;
  /** The end, exclusive, of the run to make from `at`. */
  readonly to: number;
  /** Whether the run is of one event: what becomes of it is decided by what it leads to. */
  readonly single: boolean;
  readonly done: boolean;
  /** The state after the run is good. */
  good(): void;
  /** The state after the run is bad: a shorter run is next. Not for a single event. */
  bad(): void;
  /** The run got only to `index`: the next one ends there. */
  stopped(index: number): void;
  /** The event at `at` is decided. */
  decided(): void;
}

export function createBoundarySearch(count: number, start: SearchStart): BoundarySearch {
  let at = 0;
  let to = Math.max(1, start.to);
  let { bad } = start;
  let stride = 1;
  const plan = (): void => {
    const half = bad === null ? count : at + Math.max(1, (bad - at) >> 1);
    to = Math.min(at + stride, half, count);
  };
  return {
    get at() {
      return at;
    },
    get to() {
      return to;
    },
    get single() {
      return to - at === 1;
    },
    get done() {
      return at >= count;
    },
    good() {
      at = to;
      stride *= 2;
      if (bad !== null && bad <= at) {
        bad = null;
        stride = 1;
      }
      plan();
    },
    bad() {
      bad = to;
      // From now on only halving counts.
      stride = Number.POSITIVE_INFINITY;
      plan();
    },
    stopped(index) {
      to = index;
    },
    decided() {
      at += 1;
      bad = null;
      stride = 1;
      plan();
    },
  };
}
