import type { Clock } from '../shared/clock.ts';
import type { Control, ControlRecord } from '../shared/control/port.ts';
import { messageOf } from '../shared/errors.ts';
import { keyOf } from '../shared/log/partition-key.ts';
import type { Logger } from '../shared/logger.ts';
import type { Unit } from '../shared/state/port.ts';
import { type Counted, createBreakerWindow } from './breaker-window.ts';

export interface BreakerLimits {
  /** Dead letters for each event, above which a module pauses: 0.5 is every second event. */
  readonly share: number;
  /** Fewer within the window never pause a module. */
  readonly letters: number;
  readonly windowMs: number;
  /**
   * Open dead letters of one version of a module, in all units that this process has of it, without those that a person
   * had requeued and that were not refused since.
   */
  readonly open: number;
}

export interface BreakerDeps {
  readonly module: { readonly name: string; readonly id: string };
  readonly limits: BreakerLimits;
  readonly control: Pick<Control, 'publish' | 'pausedBecause' | 'watch'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
}

/** What a checkpoint that is stored says of its events. */
export interface Reduced extends Counted {
  /** How many dead letters of the unit are open with it. */
  readonly open: number;
}

/**
 * Pauses a module whose events mostly become dead letters, before they are too many to look at: others go on. The pause
 * is a record of the control topic, so it is every worker's, outlives them, and ends when a person resumes the module.
 * Only what is stored counts: what a lost store or an old claim made of the events is no fault of the module.
 */
export interface Breaker {
  /** A unit came, with so many open dead letters. */
  claimed(unit: Unit, open: number): void;
  stored(unit: Unit, reduced: Reduced): void;
  /** The unit is another's now. */
  forget(unit: Unit): void;
  close(): void;
}

/** Whoever resumes a module with too many open gets as many new ones, of each ten allowed, before it pauses again. */
const ROOM_AFTER_RESUME = 0.1;

export function createBreaker({ module, limits, control, clock, logger }: BreakerDeps): Breaker {
  const window = createBreakerWindow(limits.windowMs, clock.now);
  const openByUnit = new Map<string, number>();
  let open = 0;
  let ceiling = limits.open;
  let tripping = false;

  const setOpen = (unit: Unit, count: number): void => {
    const key = keyOf(unit);
    open += count - (openByUnit.get(key) ?? 0);
    if (count === 0) openByUnit.delete(key);
    else openByUnit.set(key, count);
    if (open < limits.open) ceiling = limits.open;
  };
  /** Those that are there when the module runs are allowed: a person said so, or they came with a unit. */
  const allowPresent = (): void => {
    if (open >= ceiling) ceiling = open + Math.ceil(limits.open * ROOM_AFTER_RESUME);
  };

  const tooMany = (): string | null => {
    if (open >= ceiling) return `${open} dead letters are open in one worker`;
    const { events, letters } = window.total();
    return letters < limits.letters || letters <= events * limits.share
      ? null
      : `${letters} dead letters came of ${events} events within ${limits.windowMs / 1_000} s`;
  };

  const trip = async (reason: string): Promise<void> => {
    if (tripping || control.pausedBecause(module.name) !== null) return;
    tripping = true;
    logger.error({ module: module.id, reason }, 'the module pauses; others go on');
    try {
      await control.publish({ kind: 'module-switch', module: module.name, paused: true, reason });
    } catch (error) {
      // The next checkpoint tries again.
      logger.warn({ module: module.id, error: messageOf(error) }, 'the pause could not be published');
    } finally {
      tripping = false;
    }
  };

  const heed = (record: ControlRecord): void => {
    if (record.kind !== 'module-switch' || record.module !== module.name || record.paused) return;
    window.clear();
    allowPresent();
  };
  const unwatch = control.watch(heed);

  return {
    claimed(unit, count) {
      setOpen(unit, count);
      allowPresent();
    },
    stored(unit, reduced) {
      setOpen(unit, reduced.open);
      window.add(reduced);
      const reason = tooMany();
      if (reason !== null) void trip(reason);
    },
    forget: (unit) => setOpen(unit, 0),
    close: unwatch,
  };
}
