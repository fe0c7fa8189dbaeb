import { join } from 'node:path';
import { type Child, startChild } from '../../deploy/local/child.ts';
import { testRun } from './test-run.ts';

export const ROOT = join(import.meta.dirname, '../..');

const started = new Set<Child>();

// Outside of jest there is none: what is started lives as long as the run then.
globalThis.afterAll?.(async () => {
  await Promise.all([...started].map((child) => child.stop('SIGKILL')));
});

export interface ProgramOptions {
  readonly args?: readonly string[];
  /** All of the environment but PATH and HOME, so that nothing of the caller's leaks in. */
  readonly env?: Readonly<Record<string, string>>;
  /** For Node itself. */
  readonly nodeArgs?: readonly string[];
}

/**
 * Starts a program of the repository, given by its path from the root (`dist/services/worker/main.js`). Killed at the
 * end of the suite, and when jest dies.
 */
export async function startProgram(path: string, options: ProgramOptions = {}): Promise<Child> {
  const { PATH = '', HOME = '' } = process.env;
  const child = await startChild({
    run: testRun,
    name: path,
    command: process.execPath,
    args: [...(options.nodeArgs ?? []), join(ROOT, path), ...(options.args ?? [])],
    env: { PATH, HOME, ...options.env },
    cwd: ROOT,
  });
  started.add(child);
  return child;
}
