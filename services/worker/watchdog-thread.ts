import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { BEATS, CELL, type Watched, type WatchedUnit } from './watchdog.ts';

/** The watchdog's own thread: see `watchdog.ts`. It shares memory with the process, and needs nothing of its event loop. */
const { beats, cells, tickMs, ticks } = workerData as Watched;
/** A thread's own stream would go by the event loop that stands still. */
const STDERR = 2;
const units = new Map<number, WatchedUnit>();
let seen = Atomics.load(beats, BEATS);
let still = 0;

function describe(): string {
  const unit = units.get(cells[CELL.unit]!);
  if (unit === undefined) return 'no reducer was called yet';
  const reducer = unit.reducers[cells[CELL.reducer]!] ?? `number ${cells[CELL.reducer]} in REDUCERS`;
  const what = `module ${unit.module}, reducer ${reducer}, topic ${unit.topic}, partition ${unit.partition}, offset ${cells[CELL.offset]}`;
  return cells[CELL.beat] === seen
    ? `the event in hand: ${what}`
    : `no reducer was called since it last turned, the one before that for: ${what}`;
}

parentPort!.on('message', (unit: WatchedUnit) => units.set(unit.number, unit));

setInterval(() => {
  const now = Atomics.load(beats, BEATS);
  still = now === seen ? still + 1 : 0;
  seen = now;
  if (still < ticks) return;
  const line = `lectern worker: the event loop stood still for ${Math.round(ticks * tickMs)} ms, the process ends; ${describe()}\n`;
  try {
    writeSync(STDERR, line);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}, tickMs);
