import { Gauge, type Registry } from 'prom-client';
import type { Control } from '../shared/control/port.ts';
import type { TopicPartition } from '../shared/log/port.ts';
import { UNIT_STATES, type UnitState } from './unit-runner.ts';

/** An assigned unit, as operators see it. */
export interface UnitView {
  /** `<NAME>.v<VERSION>` */
  readonly module: string;
  readonly groupId: string;
  readonly at: TopicPartition;
  readonly state: UnitState;
  /** Null as long as it is not known. */
  readonly lag: number | null;
  /** It does not get on, though it should. */
  readonly isStill: boolean;
}

/** Tells at every scrape what the units are at, so nothing is told of one that is another's by now. */
export function createUnitGauges(
  registry: Registry,
  modules: readonly string[],
  units: () => readonly UnitView[],
): void {
  const registers = [registry];
  new Gauge({
    name: 'kafka_consumergroup_lag',
    help: 'Records between what is reduced of a partition and its end, for each that this process has, whatever it does with it.',
    labelNames: ['consumergroup', 'topic', 'partition'],
    registers,
    collect() {
      this.reset();
      for (const { groupId, at, lag } of units())
        if (lag !== null) this.set({ consumergroup: groupId, topic: at.topic, partition: at.partition }, lag);
    },
  });
  new Gauge({
    name: 'lectern_units',
    help: 'Units of this process by what they are at; those that are stopped need a person, and /readyz says why.',
    labelNames: ['module', 'state'],
    registers,
    collect() {
      for (const module of modules) for (const state of UNIT_STATES) this.set({ module, state }, 0);
      for (const { module, state } of units()) this.inc({ module, state });
    },
  });
  new Gauge({
    name: 'lectern_units_still',
    help: 'Units that have something to do and have not got on, or stored nothing, for more than a minute; /readyz names them.',
    labelNames: ['module'],
    registers,
    collect() {
      for (const module of modules) this.set({ module }, 0);
      for (const { module, isStill } of units()) if (isStill) this.inc({ module });
    },
  });
}

/** Tells at every scrape which modules pause: whatever they are at, their units stand still. */
export function createPausedGauge(
  registry: Registry,
  control: Pick<Control, 'pausedBecause'>,
  moduleNames: readonly string[],
): void {
  new Gauge({
    name: 'lectern_module_paused',
    help: '1 while the module pauses, by its breaker or by a person; else 0.',
    labelNames: ['module'],
    registers: [registry],
    collect() {
      for (const module of moduleNames) this.set({ module }, control.pausedBecause(module) === null ? 0 : 1);
    },
  });
}
