/** Runs at most so many at once, the others in the order in which they came. */
export function createTurns(free: number): (run: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = [];
  return async (run) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

/** Whether something is over before its time is. */
export async function isDoneWithin(ms: number, done: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const isDone = await Promise.race([done.then(() => true), late]);
  clearTimeout(timer);
  return isDone;
}

/** Keeps at most so many that take their time: one more, and the one that came first has to hurry. */
export function createSlowOnes(max: number): { add(hurry: AbortController, done: Promise<void>): void } {
  const slow = new Set<AbortController>();
  return {
    add(hurry, done) {
      for (const first of slow) {
        if (slow.size < max) break;
        slow.delete(first);
        first.abort();
      }
      slow.add(hurry);
      void done.finally(() => slow.delete(hurry));
    },
  };
}

/** Rejects as soon as `signal` is aborted, whatever becomes of `asked`. */
export async function until<T>(signal: AbortSignal, asked: Promise<T>): Promise<T> {
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave);
  });
  try {
    return await Promise.race([asked, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** Something that is waited for as long as somebody wants it, but not for ever. */
export interface Patience {
  /** Aborted with LATE when the time is over, or with GONE. */
  readonly signal: AbortSignal;
  /** Lets go of everything. */
  end(): void;
}

export const LATE = new Error('it took too long');
export const GONE = new Error('nobody waits for it any more');

export function createPatience(ms: number, gone: AbortSignal): Patience {
  const over = new AbortController();
  const leave = (): void => over.abort(GONE);
  const late = setTimeout(() => over.abort(LATE), ms);
  if (gone.aborted) leave();
  else gone.addEventListener('abort', leave);
  return {
    signal: over.signal,
    end() {
      clearTimeout(late);
      gone.removeEventListener('abort', leave);
    },
  };
}
