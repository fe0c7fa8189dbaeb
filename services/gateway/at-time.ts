/** Timers of Node reach no further than 24 days. */
const LONGEST_TIMER_MS = 86_400_000;

/** Calls `action` once `now` has reached a time, in milliseconds since 1970, unless the returned function was called. */
export function atTime(time: number, now: () => number, action: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (ms: number): void => {
    timer = setTimeout(
      () => {
        const left = time - now();
        if (left <= 0) action();
        else wait(left);
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
    timer.unref();
  };
  wait(Math.max(0, time - now()));
  return () => clearTimeout(timer);
}
