import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LastWords } from '../../services/worker/last-words.ts';
import { ROOT } from './process.ts';

/** Programs under the watchdog of the built product, which have two modules: `a` and `b` are units of theirs. */

/** How long their event loops may stand still. */
export const WATCHDOG_MS = 1_000;
const WATCHDOG = pathToFileURL(join(ROOT, 'dist/services/worker/watchdog.js')).href;

export const UNITS = {
  a: { module: 'a.v1', topic: 'lectern.events.docs', partition: 5 },
  b: { module: 'b.v3', topic: 'lectern.events.docs', partition: 0 },
} as const;

const prelude = (lastWords: LastWords | null): string => `
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { createWatchdog } from '${WATCHDOG}';
const modules = [
  { id: 'a.v1', reducers: [{ id: 'a.one' }, { id: 'a.two' }] },
  { id: 'b.v3', reducers: [{ id: 'b.three' }] },
];
const watchdog = createWatchdog({ ms: ${WATCHDOG_MS}, modules, lastWords: ${JSON.stringify(lastWords)} });
const spin = (ms) => { for (const end = Date.now() + ms; Date.now() < end;); };
const { a, b } = ${JSON.stringify(UNITS)};
`;

const dirs: string[] = [];
const children: ChildProcess[] = [];

/** For `afterEach`. */
export async function endWatchedPrograms(): Promise<void> {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  }
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
}

export function startWatched(program: string, lastWords: LastWords | null = null) {
  const dir = mkdtempSync(join(tmpdir(), 'watchdog-'));
  dirs.push(dir);
  const path = join(dir, 'program.mjs');
  writeFileSync(path, prelude(lastWords) + program);
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, errors }));
  return { child, ended };
}
