import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';

/** What is written over the socket of a running product: a line of JSON from the caller, and lines back. */

/** What addresses of sockets may have on every system. */
const MAX_ADDRESS_BYTES = 100;

/**
 * The socket by which the product that runs on a data directory takes commands; null when the directory's path is too
 * long for one. It lies in the directory: who may not write there may not give commands.
 */
export function commandSocketOf(dataDir: string): string | null {
  const path = realpathSync(dataDir);
  if (process.platform === 'win32')
    return `\\\\.\\pipe\\lectern-commands-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
  const absolute = join(path, 'commands.sock');
  const near = relative(process.cwd(), absolute);
  const shorter = near.length < absolute.length ? near : absolute;
  return Buffer.byteLength(shorter) > MAX_ADDRESS_BYTES ? null : shorter;
}

export const REQUEST_BYTES = 65_536;

export const commandRequest = z.object({
  /** Refused when it is not the product's. */
  namespace: z.string(),
  /** What stands after `lectern`. */
  args: z.array(z.string()).max(1_000),
  /** Where whoever gives it is: their paths begin there. */
  cwd: z.string().max(4_096).optional(),
});

export type CommandRequest = Readonly<z.output<typeof commandRequest>>;

/** Text for the caller's stdout or stderr, in the order in which it was said; at last the status to end with. */
export const commandReply = z.union([
  z.object({ stdout: z.string() }),
  z.object({ stderr: z.string() }),
  z.object({ exitCode: z.number().int().min(0).max(255) }),
]);

export type CommandReply = z.output<typeof commandReply>;
