import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../../deploy/local/child.ts';
import type { BenchModule, House, Loaded } from './house.ts';
import type { Tally } from './load.ts';
import type { Measured } from './measure.ts';
import { PROBE, type ProbeSample } from './probe.ts';
import { cpuMicrosOf } from './process-cpu.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = join(ROOT, 'dist/services/cli/main.js');
const LOOK_MS = 20;

interface Line {
  readonly key: { readonly STUDENT: string };
  readonly external: Tally;
}

/** Throws, naming the first that is wrong, unless the file has of every student every event exactly once. */
function assertStates(path: string, { tallies }: Loaded): void {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  for (const line of lines) {
    const { key, external } = JSON.parse(line) as Line;
    const right = tallies.get(key.STUDENT);
    if (external.count !== right?.count || external.last !== right.last)
      throw new Error(
        `a replay gives ${JSON.stringify(external)}, where the load gives ${JSON.stringify(right)}`,
      );
  }
  if (lines.length !== tallies.size)
    throw new Error(`a replay gives ${lines.length} states, where the load gives ${tallies.size}`);
}

export interface ReplayedRun {
  readonly module: BenchModule;
  readonly loaded: Loaded;
  /** With the archive. */
  readonly folder: string;
  /** For Node itself. */
  readonly nodeArgs?: readonly string[];
}

/**
 * Replays a whole archive with the command, in a process of its own, from the first event reduced until the file is
 * written, and throws unless every state comes out right.
 */
export async function measureReplay(house: House, replayed: ReplayedRun): Promise<Measured> {
  const { module, loaded, folder } = replayed;
  await house.quiet();
  const out = join(house.run.dir, `${module.name}.jsonl`);
  const { PATH = '', HOME = '' } = process.env;
  const child = await startChild({
    run: house.run,
    name: 'the replay',
    command: process.execPath,
    args: [
      '--max-semi-space-size=64',
      ...(replayed.nodeArgs ?? []),
      PROGRAM,
      ...['replay', '--module', module.folder, '--dir', folder, '--out', out],
    ],
    env: { PATH, HOME },
    cwd: ROOT,
  });
  let cpuMicros = 0;
  while (child.running()) {
    try {
      cpuMicros = cpuMicrosOf(child.pid);
    } catch {
      // It has just ended.
    }
    await sleep(LOOK_MS);
  }
  const endedAt = Date.now();
  const { code, signal } = await child.ended;
  if (code !== 0)
    throw new Error(`the replay ended with ${signal ?? code}:\n${child.lines().slice(-20).join('\n')}`);
  const first = child
    .lines()
    .filter((line) => line.startsWith(PROBE))
    .map((line) => JSON.parse(line.slice(PROBE.length)) as ProbeSample)[0]!;
  assertStates(out, loaded);
  const events = loaded.events - first.reduced;
  return {
    eventsPerSecond: (1_000 * events) / (endedAt - first.at),
    cpuMicrosPerEvent: (cpuMicros - first.cpuMicros) / events,
  };
}
