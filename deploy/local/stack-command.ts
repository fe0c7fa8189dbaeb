import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDir } from './cache.ts';
import { createRun } from './run.ts';
import { stackVariables, startStack } from './stack.ts';
import { askStack, type StackAnswer } from './stack-client.ts';
import { createStackServer } from './stack-server.ts';

const LISTEN_DEADLINE_MS = 15_000;
const POLL_MS = 50;
const UNASKED_DEADLINE_MS = 60_000;

const note = (line: string): void => console.error(`# ${line}`);

/** One stack for each user of the machine. */
function stateDir(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  const dir = runtime === undefined || runtime === '' ? cacheDir() : join(runtime, 'lectern');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

const socketPath = join(stateDir(), 'stack.sock');
const logPath = join(stateDir(), 'stack.log');

/** The process that owns the servers. It outlives the command that started it; if it dies, they die. */
async function supervise(): Promise<void> {
  const run = createRun();
  console.error(`process ${process.pid} owns the stack in ${run.dir}`);
  const end = async (code: number): Promise<void> => {
    await server.close();
    await run.close();
    process.exit(code);
  };
  // Its starter was killed, or lost a race against another one.
  const unasked = setTimeout(() => void end(1), UNASKED_DEADLINE_MS);
  const lost = (detail: string): void => {
    console.error(`${new Date().toISOString()} stopping the stack: ${detail}`);
    void end(1);
  };
  const server = await createStackServer({
    socketPath,
    start(log) {
      clearTimeout(unasked);
      return startStack({ run, log, lost });
    },
    ended: () => void end(0),
  });
  process.on('SIGTERM', () => void end(0));
  process.on('SIGINT', () => void end(0));
}

/** Starts this file again as the supervisor, in a session of its own, and waits until it answers. */
async function startThroughSupervisor(): Promise<StackAnswer> {
  const log = openSync(logPath, 'w', 0o600);
  const program = [...process.execArgv, import.meta.filename, 'supervise'];
  spawn(process.execPath, program, { detached: true, stdio: ['ignore', log, log] }).unref();
  closeSync(log);
  for (const deadline = Date.now() + LISTEN_DEADLINE_MS; Date.now() < deadline; await sleep(POLL_MS)) {
    const answer = await askStack(socketPath, 'start', note);
    if (answer !== null) return answer;
  }
  throw new Error(`the stack's supervisor did not start; ${logPath} says why`);
}

async function start(): Promise<number> {
  const answer = (await askStack(socketPath, 'start', note)) ?? (await startThroughSupervisor());
  if (answer.kind !== 'running') {
    console.error(answer.kind === 'failed' ? answer.reason : 'the stack was stopped meanwhile');
    return 1;
  }
  note(answer.already ? 'the stack runs already' : 'the stack runs; `npm run stack -- stop` stops it');
  for (const [name, value] of Object.entries(stackVariables(answer.addresses)))
    console.log(`export ${name}=${value}`);
  return 0;
}

async function stop(): Promise<number> {
  const answer = await askStack(socketPath, 'stop', note);
  note(answer === null ? 'no stack runs' : 'the stack is stopped');
  return 0;
}

const command = process.argv[2] ?? 'start';
if (command === 'supervise') await supervise();
else if (command === 'start') process.exitCode = await start();
else if (command === 'stop') process.exitCode = await stop();
else {
  console.error(
    'npm run stack             starts Kafka, Redis and S3 and prints the variables that point at them',
  );
  console.error('npm run stack -- stop     stops them');
  process.exitCode = 64;
}
