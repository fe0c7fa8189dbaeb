import type { Module } from '../shared/module.ts';
import { createTakeover, type TakeoverDeps } from './takeover.ts';

export interface TakeoversDeps extends Omit<TakeoverDeps, 'module' | 'clock'> {
  readonly modules: readonly Module[];
  readonly clock: Pick<TakeoverDeps['clock'], 'now'> & { every(ms: number, action: () => void): () => void };
}

/** Lets each version of a module that a worker runs take over when it is time. */
export interface Takeovers {
  start(): void;
  /** Decides nothing any more; resolves when nothing is under way. */
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
/** How much longer than a look took nothing is looked at: a version with very many units is looked at less often. */
const REST = 3;

export function createTakeovers({ modules, ...deps }: TakeoversDeps): Takeovers {
  // The lower versions first: where several are new, each is decided on in its turn.
  const all = [...modules]
    .sort((a, b) => a.version - b.version)
    .map((module) => createTakeover({ ...deps, module }));
  let looking: Promise<void> | null = null;
  let notBefore = 0;
  let end = (): void => undefined;
  let stopped = false;

  const lookAtAll = async (): Promise<void> => {
    const began = deps.clock.now();
    for (const one of all) if (!stopped) await one.look();
    const now = deps.clock.now();
    notBefore = now + (now - began) * REST;
  };

  const look = (): void => {
    if (looking !== null || deps.clock.now() < notBefore) return;
    looking = lookAtAll().finally(() => {
      looking = null;
    });
  };

  return {
    start() {
      end = deps.clock.every(LOOK_EVERY_MS, look);
      look();
    },
    async stop() {
      stopped = true;
      end();
      await looking;
    },
  };
}
