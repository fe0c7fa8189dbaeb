import { Console } from 'node:console';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { Command, CommanderError } from 'commander';
import { LecternError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { type CommandReply, type CommandRequest, commandRequest, REQUEST_BYTES } from './command-socket.ts';
import type { House } from './house.ts';
import { createHouseCommands } from './house-commands.ts';
import { NO_PROGRESS } from './progress.ts';
import { endWith, type RunInHouse } from './run-in-house.ts';

/** Takes commands for as long as the product runs. */
export interface CommandServer {
  /** Takes no more, ends what waits, and resolves when the last command has ended. */
  stop(): Promise<void>;
}

export interface CommandServerDeps {
  /** `commandSocketOf` the data directory, which must be this process's own. */
  readonly address: string;
  readonly house: House;
  readonly logger: Logger;
}

const EXIT_FAILED = 1;
const EXIT_CONFIG = 78;
const MAX_COMMANDS = 8;
const REQUEST_MS = 5_000;

type Reply = (reply: CommandReply) => void;

function writingTo(write: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      write(String(chunk));
      done();
    },
  });
}

/** Nobody waits for a caller who has gone: whatever sleeps then ends. */
function forCaller(house: House, gone: AbortSignal): House {
  return {
    ...house,
    clock: {
      ...house.clock,
      async sleep(ms) {
        if (!gone.aborted) await house.clock.sleep(ms);
        if (gone.aborted) throw new LecternError('CLOSED', 'nobody waits for the command any more');
      },
    },
  };
}

function createProgram(run: RunInHouse, reply: Reply): Command {
  const program = new Command('lectern');
  for (const command of createHouseCommands(null, run)) program.addCommand(command);
  // By default commander ends the process that it runs in.
  const every = (command: Command): void => {
    command.exitOverride().configureOutput({
      writeOut: (stdout) => reply({ stdout }),
      writeErr: (stderr) => reply({ stderr }),
    });
    command.commands.forEach(every);
  };
  every(program);
  return program;
}

/** The status to end with. */
async function runCommand(
  { namespace, args, cwd }: CommandRequest,
  house: House,
  reply: Reply,
): Promise<number> {
  if (namespace !== house.namespace) {
    const stderr = `the product that runs on this data directory has the namespace ${house.namespace}: correct LECTERN_NAMESPACE\n`;
    reply({ stderr });
    return EXIT_CONFIG;
  }
  let failed = false;
  const { log, table } = new Console({ stdout: writingTo((stdout) => reply({ stdout })), colorMode: false });
  const fail = (): void => {
    failed = true;
  };
  const answer = { log, table, fail, progress: () => NO_PROGRESS, cwd: cwd ?? process.cwd() };
  const run: RunInHouse = (command, action) =>
    action(house, answer).catch((error: unknown) => endWith(command, error));
  try {
    await createProgram(run, reply).parseAsync([...args], { from: 'user' });
    return failed ? EXIT_FAILED : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    reply({ stderr: `${messageOf(error)}\n` });
    return EXIT_FAILED;
  }
}

/** The first line; null when it is none of ours. */
async function readRequest(socket: Socket): Promise<CommandRequest | null> {
  let text = '';
  for await (const chunk of socket.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += chunk as string;
    if (text.length > REQUEST_BYTES) return null;
    const end = text.indexOf('\n');
    if (end === -1) continue;
    try {
      return commandRequest.parse(JSON.parse(text.slice(0, end)));
    } catch {
      return null;
    }
  }
  return null;
}

function replyTo(socket: Socket): Reply {
  return (said) => {
    if (socket.writable) socket.write(`${JSON.stringify(said)}\n`);
  };
}

/** Nobody but the owner of the process may connect, from the first moment on. */
function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177);
    try {
      // One that a killed process left behind: the data directory is ours.
      if (!address.startsWith('\\\\')) rmSync(address, { force: true });
      server.listen(address, resolve);
    } finally {
      process.umask(before);
    }
  });
}

/** Takes commands from whoever may open the socket, and does them in this process's own house. */
export async function serveCommands({ address, house, logger }: CommandServerDeps): Promise<CommandServer> {
  const running = new Set<Promise<void>>();
  const ending = new AbortController();

  async function serveCaller(socket: Socket): Promise<void> {
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    const hangUp = (): void => void socket.destroy();
    socket.setTimeout(REQUEST_MS, hangUp);
    ending.signal.addEventListener('abort', hangUp);
    const request = await readRequest(socket);
    socket.setTimeout(0);
    ending.signal.removeEventListener('abort', hangUp);
    if (request === null) return;
    // Read on, because otherwise nobody would notice that the caller goes.
    socket.resume();
    const reply = replyTo(socket);
    const signal = AbortSignal.any([gone.signal, ending.signal]);
    reply({ exitCode: await runCommand(request, forCaller(house, signal), reply) });
  }

  function refuse(socket: Socket): void {
    const reply = replyTo(socket);
    reply({ stderr: `the product does ${MAX_COMMANDS} commands already: try again in a while\n` });
    reply({ exitCode: EXIT_FAILED });
    socket.end();
  }

  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (running.size >= MAX_COMMANDS) return refuse(socket);
    const one = serveCaller(socket)
      .catch((error: unknown) => logger.warn({ error: messageOf(error) }, 'a command was cut off'))
      .finally(() => {
        socket.end();
        running.delete(one);
      });
    running.add(one);
  });
  await listen(server, address);

  return {
    async stop() {
      ending.abort();
      server.close();
      await Promise.all(running);
    },
  };
}
