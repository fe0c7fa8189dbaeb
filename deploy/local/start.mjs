import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildIfStale, install } from './prepare.mjs';

// `npm start`: the whole product in one process, and this small parent that starts it again when it dies.

const EXIT_CONFIG = 78;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const STABLE_AFTER_MS = 30_000;

const program = join(import.meta.dirname, '../../dist/services/standalone/main.js');

// Events are young and many: with 16 MB for young objects, Node's default, a fifth of the time went into moving them.
const execArgv = ['--max-semi-space-size=64'];
// A person reads this terminal: what the services say in daily business is for logs that somebody collects.
const env = { LECTERN_LOG_LEVEL: 'warn', ...process.env };

/** Runs the product once. The IPC channel ends it, too, when this process dies. */
function runOnce(signal) {
  return new Promise((resolve) => {
    const child = fork(program, process.argv.slice(2), { stdio: 'inherit', env, execArgv });
    const forward = () => child.kill('SIGTERM');
    signal.addEventListener('abort', forward);
    child.on('exit', (code, killedBy) => {
      signal.removeEventListener('abort', forward);
      resolve({ code, killedBy });
    });
  });
}

/** Answers the exit code. */
async function supervise(signal) {
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const startedAt = Date.now();
    const { code, killedBy } = await runOnce(signal);
    // A stop that we asked for, a clean end, and a configuration that a restart cannot mend are final.
    if (signal.aborted) return code ?? 0;
    if (code === 0 || code === EXIT_CONFIG) return code;
    if (Date.now() - startedAt > STABLE_AFTER_MS) pauseMs = FIRST_PAUSE_MS;
    console.error(`the process ended (${killedBy ?? code}); starting it again in ${pauseMs} ms`);
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
  return 0;
}

const stopping = new AbortController();
process.on('SIGINT', () => stopping.abort());
process.on('SIGTERM', () => stopping.abort());
try {
  install();
  await buildIfStale();
  process.exitCode = await supervise(stopping.signal);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
