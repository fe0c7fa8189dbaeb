import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { LecternError } from '../shared/errors.ts';
import { type CommandRequest, commandReply, commandSocketOf } from './command-socket.ts';

/** Where the running product's words go. */
export interface Terminal {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

function open(address: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(address, () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
}

/**
 * Has the product that runs on a data directory do a command, and writes what it says. The status to end with; null when
 * nobody takes commands there. Throws CLOSED when the product ended before it answered.
 */
export async function handOver(
  dataDir: string,
  request: CommandRequest,
  { stdout, stderr }: Terminal,
): Promise<number | null> {
  const address = commandSocketOf(dataDir);
  const socket = address === null ? null : await open(address);
  if (socket === null) return null;
  // A product that dies is seen by its last line, which does not come.
  socket.on('error', () => undefined);
  socket.write(`${JSON.stringify(request)}\n`);
  try {
    for await (const line of createInterface({ input: socket })) {
      const reply = commandReply.parse(JSON.parse(line));
      if ('exitCode' in reply) return reply.exitCode;
      if ('stdout' in reply) stdout.write(reply.stdout);
      else stderr.write(reply.stderr);
    }
  } finally {
    socket.destroy();
  }
  throw new LecternError(
    'CLOSED',
    'the product ended before it answered: look whether the command took effect, and give it again if not',
  );
}
