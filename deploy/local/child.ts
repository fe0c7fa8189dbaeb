import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Run } from './run.ts';

const KEPT_LINES = 5_000;
const TAIL_LINES = 15;
const KILL_AFTER_MS = 10_000;
const OUTPUT_DEADLINE_MS = 1_000;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  readonly pid: number;
  /** Resolves when the process has ended and its output was read. */
  readonly ended: Promise<Ended>;
  running(): boolean;
  /** The newest 5,000 lines of stdout and stderr. */
  lines(): readonly string[];
  /** The first line that matches, past or coming. Rejects when the process ends before, or after the deadline. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>;
  /** Sends the signal (SIGTERM unless told), after 10 s SIGKILL, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

export interface ChildOptions {
  readonly run: Run;
  /** What messages call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Starts a process whose life is tied to the run's. Rejects when the command cannot be run at all. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { run, name } = options;
  const spawned = spawn(options.command, [...options.args], {
    env: options.env,
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (spawned.pid === undefined)
    return new Promise((_, reject) => {
      spawned.once('error', reject);
    });
  const pid = spawned.pid;
  const disown = run.own(pid);
  const lines: string[] = [];
  const watchers = new Set<(line: string) => void>();
  let running = true;

  for (const stream of [spawned.stdout, spawned.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      for (const watcher of watchers) watcher(line);
    });

  const ended = new Promise<Ended>((resolve) => {
    spawned.once('exit', (code, signal) => {
      running = false;
      disown();
      // 'close' waits for the output; a grandchild that inherited it must not hold us for ever.
      const late = setTimeout(() => {
        spawned.stdout.destroy();
        spawned.stderr.destroy();
      }, OUTPUT_DEADLINE_MS);
      spawned.once('close', () => {
        clearTimeout(late);
        resolve({ code, signal });
      });
    });
  });

  const failure = (what: string): Error =>
    new Error(`${name} ${what}; its last lines:\n  ${lines.slice(-TAIL_LINES).join('\n  ')}`);

  return {
    pid,
    ended,
    running: () => running,
    lines: () => lines,
    waitForLine(pattern, timeoutMs = 30_000) {
      for (const line of lines) {
        const match = line.match(pattern);
        if (match !== null) return Promise.resolve(match);
      }
      return new Promise((resolve, reject) => {
        const settle = (done: () => void): void => {
          clearTimeout(timer);
          watchers.delete(watch);
          done();
        };
        const watch = (line: string): void => {
          const match = line.match(pattern);
          if (match !== null) settle(() => resolve(match));
        };
        const timer = setTimeout(
          () => settle(() => reject(failure(`did not print ${pattern} in ${timeoutMs} ms`))),
          timeoutMs,
        );
        watchers.add(watch);
        void ended.then(({ code, signal }) =>
          settle(() => reject(failure(`ended (${signal ?? code}) before printing ${pattern}`))),
        );
      });
    },
    async stop(signal = 'SIGTERM') {
      if (running) spawned.kill(signal);
      const hurry = setTimeout(() => running && spawned.kill('SIGKILL'), KILL_AFTER_MS);
      const result = await ended;
      clearTimeout(hurry);
      return result;
    },
  };
}
