import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../../deploy/local/child.ts';
import { freePort } from '../../deploy/local/ports.ts';
import { waitFor } from '../support/wait.ts';
import type { House } from './house.ts';
import type { Measured } from './measure.ts';
import { cpuMicrosOf } from './process-cpu.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = join(ROOT, 'dist/services/archiver/main.js');
const DEADLINE_MS = 300_000;
/** Each look has the archiver write its metrics. */
const LOOK_MS = 250;
const RECORDS = /^lectern_archive_records_total\{source="([^"]+)"\} (\d+)$/gm;

export interface ArchiverRun extends Measured {
  /** The most that the process had in memory. */
  readonly peakMb: number;
}

export interface ArchiverRunOptions {
  readonly namespace: string;
  readonly source: string;
  readonly partitions: number;
  /** That the topic holds. */
  readonly events: number;
  /** For Node itself. */
  readonly nodeArgs?: readonly string[];
}

interface Look {
  readonly records: number;
  readonly at: number;
  readonly cpuMicros: number;
}

/** From the first object on to the last that was cut by bytes: what is left then waits for its age, or for the end. */
function between(looks: readonly Look[]): Measured {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined || last.records === first.records)
    throw new Error('too few events to measure: there must be several objects');
  const events = last.records - first.records;
  return {
    eventsPerSecond: (1_000 * events) / (last.at - first.at),
    cpuMicrosPerEvent: (last.cpuMicros - first.cpuMicros) / events,
  };
}

/** An archiver, as it runs in production, archives what a topic holds, and puts the rest when it is ended. */
export async function runArchiver(house: House, options: ArchiverRunOptions): Promise<ArchiverRun> {
  const { namespace, source, partitions, events, nodeArgs = [] } = options;
  const port = await freePort();
  const { PATH = '', HOME = '' } = process.env;
  const child = await startChild({
    run: house.run,
    name: 'the archiver',
    command: process.execPath,
    args: ['--max-semi-space-size=64', ...nodeArgs, PROGRAM],
    env: {
      PATH,
      HOME,
      ...house.variables,
      LECTERN_NAMESPACE: namespace,
      LECTERN_SOURCES: source,
      LECTERN_PARTITIONS: String(partitions),
      LECTERN_PORT: String(port),
    },
    cwd: ROOT,
  });
  const archived = async (): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(30_000) });
    const own = [...(await answer.text()).matchAll(RECORDS)].find(([, name]) => name === source);
    return Number(own?.[2] ?? 0);
  };
  const peakMb = (): number => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) / 1_024;
  };
  const looks: Look[] = [];
  const lastLines = (): string => child.lines().slice(-20).join('\n');
  try {
    await waitFor(
      async () => {
        if (!child.running()) return true;
        const records = await archived();
        const last = looks.at(-1);
        const cpuMicros = cpuMicrosOf(child.pid);
        if (records > (last?.records ?? 0)) looks.push({ records, at: performance.now(), cpuMicros });
        // What is below half of the budget is not cut by bytes.
        return records > events / 2 && performance.now() - last!.at > 8 * LOOK_MS;
      },
      { message: 'nearly everything is archived', timeoutMs: DEADLINE_MS, intervalMs: LOOK_MS },
    );
    if (!child.running()) throw new Error(`the archiver ended by itself:\n${lastLines()}`);
    const most = peakMb();
    const { code } = await child.stop('SIGTERM');
    if (code !== 0) throw new Error(`the archiver ended with ${code}:\n${lastLines()}`);
    return { ...between(looks), peakMb: most };
  } finally {
    if (child.running()) await child.stop('SIGKILL');
  }
}
