import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LecternError } from './errors.ts';

const RETRY_MS = 100;

/** A listening socket, because the kernel takes it away at the moment its process dies, however it dies. */
export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Short, as addresses of sockets must be (104 bytes on some systems). Linux and Windows have names outside the file
 * system, where nothing stale can remain; elsewhere it is a file.
 */
function addressOf(directory: string): string {
  const name = `lectern-${createHash('sha256').update(directory).digest('hex').slice(0, 32)}`;
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

function listen(address: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(address, () => resolve(server.unref()));
  });
}

function isAlive(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

/**
 * Takes the one lock of a directory, given by its real path. Waits up to `waitMs` for a predecessor that is ending;
 * then throws DATA_DIR_IN_USE.
 */
export async function lockDirectory(directory: string, waitMs: number): Promise<DirectoryLock> {
  const address = addressOf(directory);
  const deadline = Date.now() + waitMs;
  for (;;) {
    const server = await listen(address);
    if (server !== null) return { release: () => new Promise((resolve) => server.close(() => resolve())) };
    if (await isAlive(address)) {
      if (Date.now() >= deadline)
        throw new LecternError(
          'DATA_DIR_IN_USE',
          `another process uses the data directory ${directory}: stop it, or give this one its own (LECTERN_DATA_DIR)`,
        );
      await sleep(RETRY_MS);
    } else if (!address.startsWith('\0')) {
      unlinkSync(address);
    }
  }
}
