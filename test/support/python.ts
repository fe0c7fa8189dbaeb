import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';
import { findAnalystsPython } from '../../deploy/local/python.ts';
import { describeWithout } from './describe-without.ts';

type Outcome = { readonly path: string } | { readonly reason: string };

// Installed, if need be, when the first suite that imports this is loaded.
const outcome = await findAnalystsPython(console.error).then(
  (path): Outcome => ({ path }),
  (error: Error): Outcome => ({ reason: error.message }),
);

/** Runs a program in a folder, and returns what it printed. Rejects with what it wrote to stderr when it fails. */
export async function runPython(program: string, cwd: string): Promise<string> {
  if ('reason' in outcome) throw new Error(outcome.reason);
  const { stdout } = await promisify(execFile)(outcome.path, ['-c', program], { cwd, maxBuffer: 67_108_864 });
  return stdout;
}

/** A `describe` for suites that run Python; without it they are skipped, or fail with CI=true. */
export function describeInPython(name: string, body: () => void): void {
  if ('path' in outcome) describe(name, body);
  else describeWithout(name, outcome.reason, body);
}
