import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { InHand } from './last-words.ts';
import { BEATS, CELL, type ToThread, type Watched, type WatchedUnit } from './watchdog.ts';

/** The watchdog's own thread: see `watchdog.ts`. It shares memory with the process, and needs nothing of its event loop. */
const { beats, cells, tickMs, ticks, lastWords } = workerData as Watched;
/** A thread's own stream would go by the event loop that stands still. */
const STDERR = 2;
/** How long the end waits for the store. */
const NOTE_MS = 1_500;
const units = new Map<number, WatchedUnit>();
/** By the number of the unit: the token of its last claim. */
const tokens = new Map<number, string>();
let seen = Atomics.load(beats, BEATS);
let still = 0;

/** Whether the last call of a reducer was made since the event loop turned. */
const isInHand = (): boolean => cells[CELL.beat] === seen;

function describe(): string {
  const unit = units.get(cells[CELL.unit]!);
  if (unit === undefined) return 'no reducer was called yet';
  const { module, topic, partition } = unit.unit;
  const reducer = unit.reducers[cells[CELL.reducer]!] ?? `number ${cells[CELL.reducer]} in REDUCERS`;
  const what = `module ${module}, reducer ${reducer}, topic ${topic}, partition ${partition}, offset ${cells[CELL.offset]}`;
  return isInHand()
    ? `the event in hand: ${what}`
    : `no reducer was called since it last turned, the one before that for: ${what}`;
}

function inHand(): InHand | null {
  const number = cells[CELL.unit]!;
  const unit = units.get(number);
  const token = tokens.get(number);
  const reducer = unit?.reducers[cells[CELL.reducer]!];
  if (unit === undefined || token === undefined || reducer === undefined || !isInHand()) return null;
  return { unit: unit.unit, token, attempt: { reducer, offset: cells[CELL.offset]! } };
}

async function note(): Promise<void> {
  const hand = inHand();
  if (lastWords === null || hand === null) return;
  // Loaded only by a process that needs it: its libraries take memory.
  const { noteInHand } = await import('./last-words.ts');
  await noteInHand(lastWords, hand);
}

parentPort!.on('message', (message: ToThread) => {
  if (message.kind === 'unit') units.set(message.number, message);
  else tokens.set(message.number, message.token);
});

const timer = setInterval(async () => {
  const now = Atomics.load(beats, BEATS);
  still = now === seen ? still + 1 : 0;
  seen = now;
  if (still < ticks) return;
  clearInterval(timer);
  const line = `lectern worker: the event loop stood still for ${Math.round(ticks * tickMs)} ms, the process ends; ${describe()}\n`;
  try {
    writeSync(STDERR, line);
    await Promise.race([note(), sleep(NOTE_MS)]);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}, tickMs);
