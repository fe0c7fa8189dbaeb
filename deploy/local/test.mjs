import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIfStale, install } from './prepare.mjs';

// `npm test`: every check there is. Arguments go to jest: `npm test -- worker` runs the suites with that in their path.

const root = join(import.meta.dirname, '../..');
const total = { passed: 0, failed: 0, skipped: 0 };

/** Resolves when it ended, to its status, which is null when it could not, and to what it wrote into a pipe. */
function node(args, stdio) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    child.on('error', (error) => resolve({ status: null, output: output + error.message }));
    child.on('close', (status) => resolve({ status, output }));
  });
}

async function step(name, check) {
  const startedAt = Date.now();
  let failure;
  try {
    failure = await check();
  } catch (error) {
    failure = error.message;
  }
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`${failure === undefined ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (failure !== undefined) console.log(failure);
  total[failure === undefined ? 'passed' : 'failed'] += 1;
}

async function tool(bin, ...args) {
  const { status, output } = await node([join('node_modules', bin), ...args], ['ignore', 'pipe', 'pipe']);
  return status === 0 ? undefined : output || `${bin} failed and said nothing`;
}

/** Adds jest's counts. A suite that could not run, and a run without a report, are failures. */
async function jest(args) {
  const dir = mkdtempSync(join(tmpdir(), 'lectern-jest-'));
  const report = join(dir, 'report.json');
  const options = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const program = 'node_modules/jest/bin/jest.js';
  const { status } = await node(
    [...options, program, '--json', `--outputFile=${report}`, ...args],
    ['ignore', 2, 2],
  );
  let failed = 0;
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    total.passed += result.numPassedTests;
    total.skipped += result.numPendingTests + result.numTodoTests;
  } catch {
    console.log('jest left no report');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  total.failed += status === 0 ? failed : Math.max(failed, 1);
}

await step('install', () => install());
await step('build', () => buildIfStale());
// The first suites wait for servers to start: the checks have the cores meanwhile.
const suites = jest(process.argv.slice(2));
await step('lint', () => tool('@biomejs/biome/bin/biome', 'ci', '--colors=off', '.'));
await step('types', () => tool('typescript/bin/tsc', '--noEmit'));
await step('unused code', () => tool('knip/bin/knip.js'));
await suites;
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
