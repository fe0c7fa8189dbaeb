import type { DeadLetter, DeadLetterKey, Unit } from '../shared/state/port.ts';
import type { Breaker } from './breaker.ts';
import type { DeadLetterMetrics } from './dead-letter-metrics.ts';
import type { DeadLetterRelay } from './dead-letter-relay.ts';
import type { WorkerMetrics } from './metrics.ts';

/** What is told about the units of a module, to those who count, copy and pause. */
export interface UnitWatch {
  claimed(unit: Unit, open: readonly DeadLetterKey[]): void;
  folded(unit: Unit, events: number): void;
  duplicate(unit: Unit): void;
  /** Some of the records before its position, of which later ones may be duplicates, are no part of history. */
  shortWindow(unit: Unit): void;
  /** How many dead letters of the unit are open now. */
  letterOpened(unit: Unit, reducer: string, open: number): void;
  letterClosed(unit: Unit, reducer: string, open: number): void;
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
    claimed(unit, open) {
      metrics.claims.inc({ module: unit.module });
      letters.claimed(unit, open);
      breaker.lettersChanged(unit, open.length, false);
      if (open.length > 0) relay.relay(unit, null);
    },
    folded(unit, events) {
      metrics.events.inc({ module: unit.module }, events);
      breaker.events(events);
    },
    duplicate: ({ module }) => metrics.duplicates.inc({ module }),
    shortWindow: ({ module }) => metrics.shortWindows.inc({ module }),
    letterOpened(unit, reducer, open) {
      metrics.deadLetters.inc({ module: unit.module, reducer });
      letters.opened(unit, reducer);
      breaker.lettersChanged(unit, open, true);
    },
    letterClosed(unit, reducer, open) {
      letters.closed(unit, reducer);
      breaker.lettersChanged(unit, open, false);
    },
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
