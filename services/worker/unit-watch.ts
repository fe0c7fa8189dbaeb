import type { DeadLetter, DeadLetterKey, Unit } from '../shared/state/port.ts';
import type { Breaker, Reduced } from './breaker.ts';
import type { DeadLetterMetrics } from './dead-letter-metrics.ts';
import type { DeadLetterRelay } from './dead-letter-relay.ts';
import type { WorkerMetrics } from './metrics.ts';

/** What is told about the units of a module, to those who count, copy and pause. */
export interface UnitWatch {
  /** With the dead letters that are open, of which so many count for the breaker. */
  claimed(unit: Unit, open: readonly DeadLetterKey[], counting: number): void;
  folded(unit: Unit, events: number): void;
  duplicate(unit: Unit): void;
  /** Some of the records before its position, of which later ones may be duplicates, are no part of history. */
  shortWindow(unit: Unit): void;
  /** It is stored that a dead letter is open, or is not any more. */
  letterOpened(unit: Unit, reducer: string): void;
  letterClosed(unit: Unit, reducer: string): void;
  /** What a checkpoint that is stored adds to the unit. */
  stored(unit: Unit, reduced: Reduced): void;
  checkpointed(unit: Unit, letters: readonly DeadLetter[]): void;
  checkpointLost(unit: Unit): void;
  tookOver(unit: Unit, afterMs: number): void;
  /** The unit is another's now. */
  dropped(unit: Unit): void;
}

export interface UnitWatchDeps {
  readonly metrics: WorkerMetrics;
  readonly letters: DeadLetterMetrics;
  readonly breaker: Breaker;
  readonly relay: Pick<DeadLetterRelay, 'relay'>;
}

export function createUnitWatch({ metrics, letters, breaker, relay }: UnitWatchDeps): UnitWatch {
  return {
    claimed(unit, open, counting) {
      metrics.claims.inc({ module: unit.module });
      letters.claimed(unit, open);
      breaker.claimed(unit, counting);
      if (open.length > 0) relay.relay(unit, null);
    },
    folded: ({ module }, events) => metrics.events.inc({ module }, events),
    duplicate: ({ module }) => metrics.duplicates.inc({ module }),
    shortWindow: ({ module }) => metrics.shortWindows.inc({ module }),
    letterOpened(unit, reducer) {
      metrics.deadLetters.inc({ module: unit.module, reducer });
      letters.opened(unit, reducer);
    },
    letterClosed: letters.closed,
    stored: breaker.stored,
    checkpointed(unit, stored) {
      metrics.checkpoints.inc({ module: unit.module, outcome: 'done' });
      if (stored.length > 0) relay.relay(unit, stored);
    },
    checkpointLost: ({ module }) => metrics.checkpoints.inc({ module, outcome: 'lost' }),
    tookOver: ({ module }, afterMs) => metrics.takeover.observe({ module }, afterMs / 1_000),
    dropped(unit) {
      letters.forget(unit);
      breaker.forget(unit);
    },
  };
}
