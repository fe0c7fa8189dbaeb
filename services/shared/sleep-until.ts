import type { Clock } from './clock.ts';

/** Resolves after `ms`, or as soon as `ended` does; nothing of it is left behind then. */
export async function sleepUntil(
  clock: Pick<Clock, 'every'>,
  ms: number,
  ended: Promise<unknown>,
): Promise<void> {
  let stop = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    stop = clock.every(ms, resolve);
  });
  await Promise.race([over, ended]).finally(stop);
}
