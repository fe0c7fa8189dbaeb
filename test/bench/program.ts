import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** More than any program here prints. */
const MAX_OUTPUT_BYTES = 16_777_216;

/**
 * Runs a program of the bench in a process of its own, with the settings of Node that services have: it takes its options
 * as JSON and prints what it found as JSON. Rejects with what it wrote to stderr when it fails.
 */
export async function runProgram<T>(program: URL, options: object): Promise<T> {
  const args = ['--max-semi-space-size=64', fileURLToPath(program), JSON.stringify(options)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: MAX_OUTPUT_BYTES });
  return JSON.parse(stdout) as T;
}
