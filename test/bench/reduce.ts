import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from '../../deploy/local/run.ts';
import { printFigure } from './figure.ts';
import { type BenchModule, type House, type Loaded, PARTITIONS, withHouse } from './house.ts';
import { type Measured, medianOf } from './measure.ts';
import { measureReduce } from './measured-reduce.ts';
import type { BenchOptions } from './options.ts';
import { readProfile } from './profile.ts';
import { rawConsume } from './raw.ts';

const EVENTS = 500_000;
/** The longer run, once, after everything else. */
const MANY_EVENTS = 1_000_000;
const PAYLOAD_BYTES = 300;
/** Of bare consumption and of the first figure, whose medians count. */
const RUNS = 3;
const bench = 'reduce';
const TARGETS = {
  events: 100_000,
  events2: 133_000,
  cpuMicros: 10,
  shareOfRaw: 1 / 4,
  tenReducers: 3,
  tenModules: 5,
};

function counting(house: House, name: string, loaded: Loaded, reducers = 1): BenchModule {
  return house.module(name, loaded.source, { by: 'counting', with: reducers, reducers });
}

/** How fast, and how much of bare consumption that is: each has a target of its own. */
function printOne(figure: string, measured: Measured, raw: Measured): void {
  const value = measured.eventsPerSecond;
  const share = value / raw.eventsPerSecond;
  const [target, least] = [TARGETS.events, TARGETS.shareOfRaw];
  printFigure({ bench, figure, value, unit: 'events/s', target, met: value >= target });
  const unit = 'of raw_consume';
  printFigure({ bench, figure: `${figure}_share`, value: share, unit, target: least, met: share >= least });
}

function printCpu(figure: string, { cpuMicrosPerEvent: value }: Measured): void {
  const target = TARGETS.cpuMicros;
  printFigure({ bench, figure, value, unit: 'us', target, met: value <= target });
}

/** `most` is how often the CPU of one reducer in one module this may cost. */
function printTimes(figure: string, measured: Measured, one: Measured, most: number): void {
  const ratio = measured.cpuMicrosPerEvent / one.cpuMicrosPerEvent;
  const target = most * one.cpuMicrosPerEvent;
  const value = measured.cpuMicrosPerEvent;
  printFigure({ bench, figure, value, unit: 'us', ratio, ratioTo: 'reduce_cpu', target, met: ratio <= most });
}

/** One more run under Node's profiler: its files stay, and where the time went goes to stderr. */
async function profile(house: House, loaded: Loaded): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'lectern-profile-'));
  const modules = [counting(house, 'reduce_profiled', loaded)];
  const nodeArgs = ['--cpu-prof', '--cpu-prof-dir', dir];
  await measureReduce(house, { modules, loaded, nodeArgs });
  console.error(readProfile(dir));
}

/** Bare consumption and the first figure in turn, so that both saw this machine in the same minutes. */
async function printAgainstRaw(
  house: House,
  loaded: Loaded,
  runs: number,
): Promise<{ raw: Measured; one: Measured }> {
  const { brokers } = house.stack.addresses;
  const { topic, events } = loaded;
  const raws: Measured[] = [];
  const ones: Measured[] = [];
  for (let run = 1; run <= runs; run++) {
    await house.quiet();
    raws.push(await rawConsume({ brokers, topic, events, partitions: PARTITIONS }));
    const modules = [counting(house, `reduce_1_${run}`, loaded)];
    ones.push(await measureReduce(house, { loaded, modules }));
  }
  const one = medianOf(ones);
  const raw = medianOf(raws);
  printFigure({ bench, figure: 'raw_consume', value: raw.eventsPerSecond, unit: 'events/s' });
  printFigure({ bench, figure: 'raw_consume_cpu', value: raw.cpuMicrosPerEvent, unit: 'us' });
  printOne('reduce_1', one, raw);
  printCpu('reduce_cpu', one);
  return { raw, one };
}

async function printTwo(house: House, loaded: Loaded, one: Measured): Promise<void> {
  const modules = [counting(house, 'reduce_2', loaded)];
  const two = await measureReduce(house, { loaded, modules, workers: 2 });
  printFigure({
    bench,
    figure: 'reduce_2',
    value: two.eventsPerSecond,
    unit: 'events/s',
    ratio: two.eventsPerSecond / one.eventsPerSecond,
    ratioTo: 'reduce_1',
    target: TARGETS.events2,
    met: two.eventsPerSecond >= TARGETS.events2,
  });
  printFigure({ bench, figure: 'reduce_2_cpu', value: two.cpuMicrosPerEvent, unit: 'us' });
}

async function printMany(house: House, options: BenchOptions, raw: Measured): Promise<void> {
  const load = { events: MANY_EVENTS, students: options.students, payloadBytes: PAYLOAD_BYTES };
  const loaded = await house.load({ ...load, source: 'bench.many', sessions: true });
  const modules = [counting(house, 'reduce_1_1m', loaded)];
  const many = await measureReduce(house, { loaded, modules });
  printOne('reduce_1_1m', many, raw);
  printCpu('reduce_cpu_1m', many);
}

/** The load is appended first, and every figure reduces it anew with modules of its own. */
async function measureAll(house: House, options: BenchOptions): Promise<void> {
  const load = { events: options.events ?? EVENTS, students: options.students, payloadBytes: PAYLOAD_BYTES };
  const loaded = await house.load({ ...load, source: 'bench.numbered', sessions: true });
  const { raw, one } = await printAgainstRaw(house, loaded, options.brief ? 1 : RUNS);
  if (options.profile) await profile(house, loaded);
  await printTwo(house, loaded, one);
  if (options.brief) return;

  const plain = await house.load({ ...load, source: 'bench.plain', sessions: false });
  const unnumbered = [counting(house, 'reduce_1_plain', plain)];
  printOne('reduce_1_plain', await measureReduce(house, { loaded: plain, modules: unnumbered }), raw);

  const tenReducers = [counting(house, 'ten_reducers', loaded, 10)];
  const ofReducers = await measureReduce(house, { loaded, modules: tenReducers });
  printTimes('reduce_ten_reducers', ofReducers, one, TARGETS.tenReducers);

  const tenModules = Array.from({ length: 10 }, (_, index) => counting(house, `module_${index}`, loaded));
  const ofModules = await measureReduce(house, { loaded, modules: tenModules });
  printTimes('reduce_ten_modules', ofModules, one, TARGETS.tenModules);

  if (options.events === undefined) await printMany(house, options, raw);
}

/**
 * The worker, as a process of its own with everything on, against bare consumption of the same topic: 5,000 students,
 * 8 partitions, 500,000 events, and at last a million once. `--events` gives all of them another number, and leaves the
 * million out; `--brief` is for seconds.
 */
export function reduce(run: Run, options: BenchOptions): Promise<void> {
  return withHouse(run, (house) => measureAll(house, options));
}
