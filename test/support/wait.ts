import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  /** What is waited for; the failure says it. */
  readonly message?: string;
}

type Falsy = false | null | undefined | 0 | '';

/**
 * Polls until the condition holds, and answers with its truthy value. Rejects after the deadline (10 s unless told), with
 * what the condition threw last, if it threw.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, intervalMs = 25, message = 'the condition holds' }: WaitOptions = {},
): Promise<Exclude<T, Falsy>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await condition();
      if (value) return value as Exclude<T, Falsy>;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= deadline) throw new Error(`not within ${timeoutMs} ms: ${message}`, { cause });
    await sleep(intervalMs);
  }
}
