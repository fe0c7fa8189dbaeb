import type { OwnedRun } from '../../deploy/local/run.ts';
import type { StackServer } from '../../deploy/local/stack-server.ts';

interface Shared {
  readonly run: OwnedRun;
  readonly server: StackServer;
}

const KEY = Symbol.for('lectern.test-run');
const shared = globalThis as unknown as Record<symbol, Shared | undefined>;

/** Hands what the global setup made to the global teardown: they share a process, but no modules. */
export function keepForTeardown(made: Shared): void {
  shared[KEY] = made;
}

export function takeForTeardown(): Shared {
  const made = shared[KEY];
  if (made === undefined) throw new Error('the global setup did not run');
  return made;
}
