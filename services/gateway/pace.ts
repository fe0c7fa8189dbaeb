import { setImmediate as letOthers } from 'node:timers/promises';

const WORK_MS = 5;

/** To be awaited between the parts of a long work: after some milliseconds sockets and other requests have their turn. */
export function createPace(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < WORK_MS) return;
    await letOthers();
    since = performance.now();
  };
}
