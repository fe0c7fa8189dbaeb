import { z } from 'zod';
import { commonShape, integer, stateBytes } from '../shared/config.ts';
import { sessionSettings } from '../shared/log/kafka-settings.ts';
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
  LECTERN_MAX_STATE_BYTES: stateBytes,
  /** How long an asynchronous reducer may take for one event. */
  LECTERN_REDUCER_BUDGET_MS: integer(10, 600_000).default(10_000),
  /** How long the process may do nothing else than reduce before it is ended. */
  LECTERN_WATCHDOG_MS: integer(1_000, 600_000).default(20_000),
  ...breakerShape,
};

const schema = z.object(workerShape);

/** Times of a worker that belongs to groups, which must fit together. */
interface GroupTimes {
  readonly LECTERN_REDUCER_BUDGET_MS: number;
  readonly LECTERN_WATCHDOG_MS: number;
  readonly LECTERN_KAFKA_SESSION_TIMEOUT_MS: number;
}

/** For the refinement of a schema: a problem for each time that is too long for the groups. */
export function checkGroupTimes(times: GroupTimes, { addIssue }: z.core.$RefinementCtx): void {
  const { LECTERN_REDUCER_BUDGET_MS: budget, LECTERN_WATCHDOG_MS: watchdog } = times;
  const session = times.LECTERN_KAFKA_SESSION_TIMEOUT_MS;
  const report = (field: keyof GroupTimes, message: string): void =>
    addIssue({ code: 'custom', path: [field], message });
  if (watchdog >= session)
    report(
      'LECTERN_WATCHDOG_MS',
      `is ${watchdog}, and must be below LECTERN_KAFKA_SESSION_TIMEOUT_MS (${session}): a worker that stands still must end before its units are given to another; lower it, or raise the other`,
    );
  const { rebalanceTimeout } = sessionSettings(session);
  if (budget >= rebalanceTimeout)
    report(
      'LECTERN_REDUCER_BUDGET_MS',
      `is ${budget}, and must be below ${rebalanceTimeout}, for which a group that rebalances waits for a member's batch; lower it, or raise LECTERN_KAFKA_SESSION_TIMEOUT_MS above it`,
    );
}

export function workerLimits(config: Readonly<z.output<typeof schema>>): WorkerLimits {
  return {
    checkpointMs: config.LECTERN_CHECKPOINT_MS,
    cacheBytes: config.LECTERN_CACHE_BYTES,
    maxStateBytes: config.LECTERN_MAX_STATE_BYTES,
    budgetMs: config.LECTERN_REDUCER_BUDGET_MS,
    breaker: breakerLimits(config),
  };
}
