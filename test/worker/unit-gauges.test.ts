import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createPausedGauge, createUnitGauges, type UnitView } from '../../services/worker/unit-gauges.ts';

test('metrics tell of the units of the moment, by what they are at, and of no other', async () => {
  const registry = new Registry();
  const view = (partition: number, given: Partial<UnitView>): UnitView => ({
    module: 'm.v1',
    groupId: 'g',
    at: { topic: 't', partition },
    state: 'reducing',
    lag: 0,
    isStill: false,
    ...given,
  });
  let units = [view(0, { lag: 7 }), view(1, { state: 'stopped', lag: null, isStill: true })];
  createUnitGauges(registry, ['m.v1'], () => units);
  const lines = async (): Promise<string[]> =>
    (await registry.metrics())
      .split('\n')
      .filter((line) => !line.startsWith('#') && line !== '' && !/^lectern_units{.*} 0$/.test(line));
  expect(await lines()).toEqual([
    'kafka_consumergroup_lag{consumergroup="g",topic="t",partition="0"} 7',
    'lectern_units{module="m.v1",state="reducing"} 1',
    'lectern_units{module="m.v1",state="stopped"} 1',
    'lectern_units_still{module="m.v1"} 1',
  ]);
  units = [view(1, { lag: 3 })];
  expect(await lines()).toEqual([
    'kafka_consumergroup_lag{consumergroup="g",topic="t",partition="1"} 3',
    'lectern_units{module="m.v1",state="reducing"} 1',
    'lectern_units_still{module="m.v1"} 0',
  ]);
});

test('whoever scrapes sees which modules pause', async () => {
  const registry = new Registry();
  const reasons = new Map<string, string>();
  createPausedGauge(registry, { pausedBecause: (module) => reasons.get(module) ?? null }, ['m', 'n']);
  const lines = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.includes('{'));
  expect(await lines()).toEqual([
    'lectern_module_paused{module="m"} 0',
    'lectern_module_paused{module="n"} 0',
  ]);
  reasons.set('m', 'paused: a person said so');
  expect(await lines()).toEqual([
    'lectern_module_paused{module="m"} 1',
    'lectern_module_paused{module="n"} 0',
  ]);
  reasons.clear();
  expect(await lines()).toEqual([
    'lectern_module_paused{module="m"} 0',
    'lectern_module_paused{module="n"} 0',
  ]);
});
