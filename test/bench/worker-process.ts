import { join } from 'node:path';
import { type Child, startChild } from '../../deploy/local/child.ts';
import { freePort } from '../../deploy/local/ports.ts';
import { waitFor } from '../support/wait.ts';
import type { BenchModule, House } from './house.ts';
import { PROBE, type ProbeSample, type Resumed } from './probe.ts';
import { cpuMicrosOf } from './process-cpu.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = join(ROOT, 'dist/services/worker/main.js');
const LAST_LINES = 20;

/** A worker as it runs in production, in a process of its own, whose CPU is counted apart. */
export interface WorkerProcess {
  readonly pid: number;
  /** Resolves when `/readyz` says so. */
  ready(): Promise<void>;
  samples(): readonly ProbeSample[];
  resumed(): readonly Resumed[];
  /** User and system time of all its threads until now, in microseconds. */
  cpuMicros(): number;
  /** Throws, with its last lines, when it ended by itself. */
  assertRunning(): void;
  /** SIGTERM, and resolves at its end; rejects when that was no clean one. */
  stop(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
}

export interface WorkerOptions {
  readonly house: House;
  /** Besides those of the product itself, which get no events. */
  readonly modules: readonly BenchModule[];
  readonly variables?: Readonly<Record<string, string>>;
  /** For Node itself. */
  readonly nodeArgs?: readonly string[];
}

function probed(child: Child): (ProbeSample | Resumed)[] {
  return child
    .lines()
    .filter((line) => line.startsWith(PROBE))
    .map((line) => JSON.parse(line.slice(PROBE.length)) as ProbeSample | Resumed);
}

/** Starts a worker with Node's settings of production, on the servers of the bench. It lives no longer than they. */
export async function startWorkerProcess(options: WorkerOptions): Promise<WorkerProcess> {
  const { house, modules } = options;
  const port = await freePort();
  const { PATH = '', HOME = '' } = process.env;
  const child = await startChild({
    run: house.run,
    name: 'the worker',
    command: process.execPath,
    args: ['--max-semi-space-size=64', ...(options.nodeArgs ?? []), PROGRAM],
    env: {
      PATH,
      HOME,
      ...house.variables,
      LECTERN_MODULES: modules.map(({ folder }) => folder).join(','),
      LECTERN_PORT: String(port),
      ...options.variables,
    },
    cwd: ROOT,
  });
  const lastLines = (): string => child.lines().slice(-LAST_LINES).join('\n');
  const isReady = async (): Promise<boolean> => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
    return answer.ok;
  };
  return {
    pid: child.pid,
    async ready() {
      await waitFor(isReady, { message: `the worker is ready`, timeoutMs: 60_000 }).catch((cause) => {
        throw new Error(`the worker did not get ready; its last lines:\n${lastLines()}`, { cause });
      });
    },
    samples: () => probed(child).filter((line) => line.kind === 'sample'),
    resumed: () => probed(child).filter((line) => line.kind === 'resumed'),
    cpuMicros: () => cpuMicrosOf(child.pid),
    assertRunning() {
      if (!child.running()) throw new Error(`the worker ended by itself; its last lines:\n${lastLines()}`);
    },
    async stop() {
      const { code, signal } = await child.stop('SIGTERM');
      if (code !== 0)
        throw new Error(`the worker ended with ${signal ?? code}; its last lines:\n${lastLines()}`);
    },
    async kill() {
      await child.stop('SIGKILL');
    },
  };
}
