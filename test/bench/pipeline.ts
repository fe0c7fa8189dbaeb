import type { Run } from '../../deploy/local/run.ts';
import { printFigure } from './figure.ts';
import { PARTITIONS, withHouse } from './house.ts';
import { measureReduce } from './measured-reduce.ts';
import type { BenchOptions } from './options.ts';
import { rawConsume } from './raw.ts';

const EVENTS = 500_000;
const PAYLOAD_BYTES = 300;

const bench = 'pipeline';

/** Raw consumption against reducing with checkpoints, on the same topic of a real broker: `reduce` in its shortest form. */
export function pipeline(run: Run, { events = EVENTS, students }: BenchOptions): Promise<void> {
  return withHouse(run, async (house) => {
    const load = { source: 'bench.pipeline', events, students, payloadBytes: PAYLOAD_BYTES, sessions: false };
    const loaded = await house.load(load);
    await house.quiet();
    const { brokers } = house.stack.addresses;
    const raw = await rawConsume({ brokers, topic: loaded.topic, events, partitions: PARTITIONS });
    const module = house.module('pipeline', loaded.source, { by: 'counting', with: 1, reducers: 1 });
    const reduced = await measureReduce(house, { modules: [module], loaded });
    const ratio = reduced.eventsPerSecond / raw.eventsPerSecond;
    printFigure({ bench, figure: 'raw_consume', value: raw.eventsPerSecond, unit: 'events/s' });
    printFigure({ bench, figure: 'raw_consume_cpu', value: raw.cpuMicrosPerEvent, unit: 'us' });
    printFigure({
      bench,
      figure: 'reduce',
      value: reduced.eventsPerSecond,
      unit: 'events/s',
      ratio,
      ratioTo: 'raw_consume',
      target: 50_000,
      met: reduced.eventsPerSecond >= 50_000 && ratio >= 0.15,
    });
    printFigure({ bench, figure: 'reduce_cpu', value: reduced.cpuMicrosPerEvent, unit: 'us' });
  });
}
