import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Log } from './install.ts';
import type { StackReply } from './stack-server.ts';

export type StackAnswer = Exclude<StackReply, { kind: 'progress' }>;

/**
 * Asks the stack server at the socket to start its stack or to stop it. Null when no server is there. `log` gets the
 * lines on what takes long.
 */
export function askStack(
  socketPath: string,
  request: 'start' | 'stop',
  log: Log,
): Promise<StackAnswer | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let answer: StackAnswer | undefined;
    socket.on('connect', () => socket.write(`${request}\n`));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(null);
      else reject(error);
    });
    const lines = createInterface({ input: socket });
    // An error of the socket comes through here too; it was handled above.
    lines.on('error', () => {});
    lines.on('line', (line) => {
      const reply = JSON.parse(line) as StackReply;
      if (reply.kind === 'progress') log(reply.line);
      else answer = reply;
    });
    socket.on('close', () => {
      if (answer !== undefined) resolve(answer);
      else reject(new Error(`the stack server at ${socketPath} went away without an answer`));
    });
  });
}
