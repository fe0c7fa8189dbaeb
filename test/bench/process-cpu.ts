import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The unit of /proc/<pid>/stat, which Linux fixes for user space. */
const MICROS_PER_TICK = 10_000;
const LOOK_MS = 500;
const QUIET_SHARE = 0.05;
const QUIET_DEADLINE_MS = 30_000;

/** User and system time of a process with all its threads since its start, in microseconds, by steps of 10 ms. */
export function cpuMicrosOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold blanks; utime and stime are the fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

/** Resolves when the processes together use under 5 % of a core, or after 30 s at the latest. */
export async function waitUntilQuiet(pids: readonly number[]): Promise<void> {
  const used = (): number => pids.reduce((sum, pid) => sum + cpuMicrosOf(pid), 0);
  const deadline = Date.now() + QUIET_DEADLINE_MS;
  for (let before = used(); Date.now() < deadline; before = used()) {
    await sleep(LOOK_MS);
    if (used() - before < QUIET_SHARE * LOOK_MS * 1_000) return;
  }
}
