import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from '../../deploy/local/run.ts';
import { archiveIntoFolder } from './archived-folder.ts';
import { printFigure } from './figure.ts';
import { type BenchModule, type House, type Loaded, withHouse } from './house.ts';
import { type Measured, medianOf } from './measure.ts';
import { measureReduce } from './measured-reduce.ts';
import { measureReplay } from './measured-replay.ts';
import type { BenchOptions } from './options.ts';
import { readProfile } from './profile.ts';

const EVENTS = 500_000;
const BRIEF_EVENTS = 100_000;
const PAYLOAD_BYTES = 300;
const RUNS = 3;
const bench = 'replay';

function print(replay: Measured, live: Measured): void {
  const ratioTo = 'live';
  const [value, target] = [replay.eventsPerSecond, live.eventsPerSecond];
  printFigure({ bench, figure: 'live', value: target, unit: 'events/s' });
  printFigure({ bench, figure: 'live_cpu', value: live.cpuMicrosPerEvent, unit: 'us' });
  const met = value >= target;
  printFigure({
    bench,
    figure: 'replay',
    value,
    unit: 'events/s',
    ratio: value / target,
    ratioTo,
    target,
    met,
  });
  const ratio = replay.cpuMicrosPerEvent / live.cpuMicrosPerEvent;
  printFigure({
    bench,
    figure: 'replay_cpu',
    value: replay.cpuMicrosPerEvent,
    unit: 'us',
    ratio,
    ratioTo: 'live_cpu',
  });
}

async function profile(house: House, module: BenchModule, loaded: Loaded, folder: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'lectern-profile-'));
  await measureReplay(house, { module, loaded, folder, nodeArgs: ['--cpu-prof', '--cpu-prof-dir', dir] });
  console.error(readProfile(dir));
}

/**
 * `lectern replay` of an archive in a folder, against the worker that reduces the same events live with the same reducer,
 * in turn, so that both saw this machine in the same minutes.
 */
export function replay(run: Run, options: BenchOptions): Promise<void> {
  const events = options.events ?? (options.brief ? BRIEF_EVENTS : EVENTS);
  const load = { events, students: options.students, payloadBytes: PAYLOAD_BYTES };
  return withHouse(run, async (house) => {
    const loaded = await house.load({ ...load, source: 'bench.replayed', sessions: true });
    const folder = await archiveIntoFolder(house, loaded);
    const module = (name: string): BenchModule =>
      house.module(name, loaded.source, { by: 'counting', with: 1, reducers: 1 });
    const lives: Measured[] = [];
    const replays: Measured[] = [];
    for (let turn = 1; turn <= (options.brief ? 1 : RUNS); turn++) {
      lives.push(await measureReduce(house, { loaded, modules: [module(`live_${turn}`)] }));
      replays.push(await measureReplay(house, { module: module(`replayed_${turn}`), loaded, folder }));
    }
    print(medianOf(replays), medianOf(lives));
    if (options.profile) await profile(house, module('profiled'), loaded, folder);
  });
}
