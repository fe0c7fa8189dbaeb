import { commonShape, integer } from '../shared/config.ts';

/** The variables that the worker reads besides those of log and state. */
export const workerShape = {
  ...commonShape,
  LECTERN_PORT: integer(0, 65_535).default(8091),
  /** The longest that a change waits for its checkpoint. */
  LECTERN_CHECKPOINT_MS: integer(10, 60_000).default(250),
  /** For each module's states in memory. */
  LECTERN_CACHE_BYTES: integer(1_048_576, 64 * 1_073_741_824).default(134_217_728),
};
