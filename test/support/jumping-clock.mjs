import { readFileSync } from 'node:fs';

/**
 * Loaded before a program: its time of day is off the machine's by as many milliseconds as the file LECTERN_TEST_CLOCK_FILE
 * says, which may be written again while it runs. Timers and `performance.now` go on as they do.
 */
const LOOK_MS = 20;
const MachineDate = Date;
let offMs = 0;

function look() {
  offMs = Number(readFileSync(process.env.LECTERN_TEST_CLOCK_FILE, 'utf8'));
}

const now = () => MachineDate.now() + offMs;

globalThis.Date = new Proxy(MachineDate, {
  construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});

look();
setInterval(look, LOOK_MS).unref();
