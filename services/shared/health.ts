import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from './errors.ts';
import type { Logger } from './logger.ts';

/** Something outside the process that a service cannot work without. */
export interface Dependency {
  readonly name: string;
  /** Rejects, with a message that names the remedy, while it does not answer. */
  readonly check: () => Promise<void>;
}

export interface Health {
  /** Resolves when every dependency has answered, or when `signal` aborts; logs what it waits for. */
  waitUntilUp(signal: AbortSignal): Promise<void>;
  /** What is away now, one line each. */
  notReady(): readonly string[];
  stop(): void;
}

export interface HealthTimes {
  /** Between two questions to what is away. */
  readonly intervalMs: number;
  /** Between two questions to what is up. */
  readonly upIntervalMs: number;
  /** For an answer; none in time counts as away. */
  readonly timeoutMs: number;
}

const TIMES: HealthTimes = { intervalMs: 2_000, upIntervalMs: 5_000, timeoutMs: 5_000 };

/** Rejects when `answer` takes too long; a late one is of no interest. */
async function inTime(answer: Promise<void>, { timeoutMs }: HealthTimes): Promise<void> {
  const over = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: over.signal, ref: false }).then(() => {
    throw new Error(`no answer in ${timeoutMs} ms`);
  });
  await Promise.race([answer, late]).finally(() => over.abort());
}

/** Asks each dependency again and again, and logs when one goes away or comes back, once each time. */
export function watchHealth(dependencies: readonly Dependency[], logger: Logger, times = TIMES): Health {
  const stopped = new AbortController();
  const away = new Map(dependencies.map(({ name }) => [name, `${name} has not answered yet`]));

  const ask = async ({ name, check }: Dependency): Promise<void> => {
    try {
      await inTime(check(), times);
      if (away.delete(name)) logger.info({ dependency: name }, 'a dependency is up');
    } catch (error) {
      const reason = `${name}: ${messageOf(error)}`;
      if (away.get(name) !== reason) logger.warn({ dependency: name, reason }, 'waiting for a dependency');
      away.set(name, reason);
    }
  };

  const watch = async (dependency: Dependency): Promise<void> => {
    while (!stopped.signal.aborted) {
      await ask(dependency);
      const intervalMs = away.has(dependency.name) ? times.intervalMs : times.upIntervalMs;
      await sleep(intervalMs, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
    }
  };
  for (const dependency of dependencies) void watch(dependency);

  return {
    async waitUntilUp(signal) {
      while (away.size > 0 && !signal.aborted) await sleep(50, undefined, { signal }).catch(() => undefined);
    },
    notReady: () => [...away.values()],
    stop: () => stopped.abort(),
  };
}
