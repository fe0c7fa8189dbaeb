import { z } from 'zod';
import { commonShape, integer } from '../shared/config.ts';
import { breakerLimits, breakerShape } from './breaker-config.ts';
import type { WorkerLimits } from './worker.ts';

/** The variables that the worker reads besides those of log, state and archive. */
export const workerShape = {
  ...commonShape,
  LECTERN_PORT: integer(0, 65_535).default(8091),
  /** The longest that a change waits for its checkpoint. */
  LECTERN_CHECKPOINT_MS: integer(10, 60_000).default(250),
  /** For each module's states in memory. */
  LECTERN_CACHE_BYTES: integer(1_048_576, 64 * 1_073_741_824).default(134_217_728),
  /** The largest state, as JSON text; a state type may allow more. */
  LECTERN_MAX_STATE_BYTES: integer(1_024, 67_108_864).default(1_048_576),
  /** How long an asynchronous reducer may take for one event. */
  LECTERN_REDUCER_BUDGET_MS: integer(10, 600_000).default(10_000),
  /** How long the process may do nothing else than reduce before it is ended; below the group's session timeout. */
  LECTERN_WATCHDOG_MS: integer(1_000, 600_000).default(20_000),
  ...breakerShape,
};

const schema = z.object(workerShape);

export function workerLimits(config: Readonly<z.output<typeof schema>>): WorkerLimits {
  return {
    checkpointMs: config.LECTERN_CHECKPOINT_MS,
    cacheBytes: config.LECTERN_CACHE_BYTES,
    maxStateBytes: config.LECTERN_MAX_STATE_BYTES,
    budgetMs: config.LECTERN_REDUCER_BUDGET_MS,
    breaker: breakerLimits(config),
  };
}
