import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { Unit } from '../../services/shared/state/port.ts';
import { createDeadLetterMetrics } from '../../services/worker/dead-letter-metrics.ts';

const unit: Unit = { module: 'm.v1', topic: 't.events.org.test', partition: 2 };
const other: Unit = { ...unit, partition: 5 };

test('open dead letters are counted by module and reducer as units come and go', async () => {
  const registry = new Registry();
  const metrics = createDeadLetterMetrics(registry);
  metrics.claimed(unit, [{ reducer: 'm.r' }, { reducer: 'm.r' }, { reducer: 'm.s' }]);
  metrics.claimed(other, [{ reducer: 'm.r' }]);
  metrics.opened(unit, 'm.r');
  metrics.closed(unit, 'm.s');
  const lines = async () => (await registry.metrics()).split('\n').filter((line) => line.includes('_open{'));
  expect(await lines()).toEqual([
    'lectern_dead_letters_open{module="m.v1",reducer="m.r"} 4',
    'lectern_dead_letters_open{module="m.v1",reducer="m.s"} 0',
  ]);
  metrics.forget(unit);
  expect(await lines()).toEqual(['lectern_dead_letters_open{module="m.v1",reducer="m.r"} 1']);
});
