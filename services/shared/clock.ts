import { setTimeout as delay } from 'node:timers/promises';

/** Time, as whatever waits or repeats sees it. Tests run the worker on a clock of their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Calls `action` again and again until the returned function is called. */
  every(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  async sleep(ms) {
    await delay(ms);
  },
  every(ms, action) {
    const timer = setInterval(action, ms);
    return () => clearInterval(timer);
  },
};
