import { setTimeout as sleep } from 'node:timers/promises';
import { LecternError } from '../shared/errors.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

export interface RetryOptions {
  /** Ends the waiting; the call then rejects. */
  readonly signal: AbortSignal;
  /** Called after each failed attempt. */
  readonly failed: (error: LecternError) => void;
}

/**
 * Repeats `work` for as long as it fails retriably, with pauses that double up to 10 s, each shortened by chance so that
 * many do not come back at once. Any other error is passed on.
 */
export async function retry<T>(work: () => Promise<T>, { signal, failed }: RetryOptions): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const result = await work();
      signal.throwIfAborted();
      return result;
    } catch (error) {
      if (signal.aborted || !(error instanceof LecternError && error.retriable)) throw error;
      failed(error);
      await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
}
