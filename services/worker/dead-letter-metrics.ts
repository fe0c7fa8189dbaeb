import { Counter, Gauge, type Registry } from 'prom-client';
import type { DeadLetterKey, Unit } from '../shared/state/port.ts';
import { unitName } from '../shared/state/unit-name.ts';

export interface DeadLetterMetrics {
  readonly relayed: Counter<'module'>;
  /** Which dead letters of a unit are open, after a claim. */
  claimed(unit: Unit, open: readonly Pick<DeadLetterKey, 'reducer'>[]): void;
  opened(unit: Unit, reducer: string): void;
  closed(unit: Unit, reducer: string): void;
  /** The unit is another's now. */
  forget(unit: Unit): void;
}

/** Labels are of modules and reducers, which are few: nothing of an event. */
export function createDeadLetterMetrics(registry: Registry): DeadLetterMetrics {
  /** By unit, how many of each reducer. */
  const units = new Map<string, { readonly module: string; readonly counts: Map<string, number> }>();
  const countsOf = (unit: Unit): Map<string, number> => {
    const found = units.get(unitName(unit)) ?? { module: unit.module, counts: new Map<string, number>() };
    units.set(unitName(unit), found);
    return found.counts;
  };
  const add = (unit: Unit, reducer: string, count: number): void => {
    const counts = countsOf(unit);
    counts.set(reducer, Math.max(0, (counts.get(reducer) ?? 0) + count));
  };
  new Gauge({
    name: 'lectern_dead_letters_open',
    help: 'Open dead letters of the units that this worker has.',
    labelNames: ['module', 'reducer'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { module, counts } of units.values())
        for (const [reducer, count] of counts) this.inc({ module, reducer }, count);
    },
  });
  return {
    relayed: new Counter({
      name: 'lectern_dead_letters_relayed_total',
      help: 'Copies of dead letters made in their topic.',
      labelNames: ['module'],
      registers: [registry],
    }),
    claimed(unit, open) {
      units.delete(unitName(unit));
      countsOf(unit);
      for (const { reducer } of open) add(unit, reducer, 1);
    },
    opened: (unit, reducer) => add(unit, reducer, 1),
    closed: (unit, reducer) => add(unit, reducer, -1),
    forget: (unit) => void units.delete(unitName(unit)),
  };
}
