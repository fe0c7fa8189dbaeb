import type { Child } from '../../deploy/local/child.ts';
import { freePort } from '../../deploy/local/ports.ts';
import { startProgram } from './process.ts';
import { waitFor } from './wait.ts';

const READY_MS = 60_000;

/** A program of the built product that can be killed and started again as it was. */
export interface RestartableProgram {
  readonly url: string;
  /** Resolves when the program listens, not when it is ready. */
  start(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Stops the process as a whole, as a machine that sleeps, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** False before the first start, and when it ended, by itself or not. */
  running(): boolean;
  /** SIGTERM, and waits for the end; the exit code. */
  stop(): Promise<number | null>;
  /** Resolves when `/readyz` says so. */
  ready(): Promise<void>;
  lines(): readonly string[];
}

async function isOk(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function says(url: string): Promise<string> {
  return fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    (answer) => answer.text(),
    (error: Error) => error.message,
  );
}

const lastLinesOf = (child: Child): string => `its last lines:\n${child.lines().slice(-20).join('\n')}`;

/** `path` from the root, such as dist/services/worker/main.js; it gets a free port of its own. */
export async function createProgram(
  path: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<RestartableProgram> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: Child | undefined;
  return {
    url,
    async start() {
      child = await startProgram(path, { args, env: { ...env, LECTERN_PORT: String(port) } });
      await waitFor(() => isOk(`${url}/healthz`), { message: `${path} listens`, timeoutMs: 30_000 }).catch(
        (error) => {
          throw new Error(`${error.message}; ${lastLinesOf(child!)}`);
        },
      );
    },
    async kill() {
      await child!.stop('SIGKILL');
    },
    freeze: () => void process.kill(child!.pid, 'SIGSTOP'),
    thaw: () => void process.kill(child!.pid, 'SIGCONT'),
    running: () => child?.running() ?? false,
    async stop() {
      return (await child!.stop('SIGTERM')).code;
    },
    async ready() {
      await waitFor(() => isOk(`${url}/readyz`), {
        message: `${path} is ready`,
        timeoutMs: READY_MS,
      }).catch(async (cause: Error) => {
        throw new Error(`${cause.message}: ${await says(`${url}/readyz`)}; ${lastLinesOf(child!)}`, {
          cause,
        });
      });
    },
    lines: () => child?.lines() ?? [],
  };
}
