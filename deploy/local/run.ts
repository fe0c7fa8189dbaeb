import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What ends together: a temporary directory, and the processes registered in it.
 *
 * Java and Redis do not notice that their parent died. So a guard (guard.sh), in a session of its own that signals to
 * the group do not reach, waits for the end of a pipe which only the owner holds, then kills what is registered and
 * removes the directory: after a crash and after kill -9 as well as after `close`.
 */
export interface Run {
  readonly dir: string;
  /** Makes a directory that lives as long as the run. */
  makeDir(name: string): string;
  /** Ties the life of a process to the run's; the answer unties it, to be called when the process has ended. */
  own(pid: number): () => void;
}

export interface OwnedRun extends Run {
  /** Kills every process still registered, and removes the directory. */
  close(): Promise<void>;
}

/** The run of another process that is alive, known by its directory. Whoever owns it ends it. */
export function joinRun(dir: string): Run {
  return {
    dir,
    makeDir: (name) => mkdtempSync(join(dir, `${name}-`)),
    own(pid) {
      const file = join(dir, 'pids', String(pid));
      writeFileSync(file, '');
      return () => rmSync(file, { force: true });
    },
  };
}

/** A new run, owned by this process. */
export function createRun(): OwnedRun {
  const dir = mkdtempSync(join(tmpdir(), 'lectern-'));
  mkdirSync(join(dir, 'pids'));
  const guard = spawn('sh', [join(import.meta.dirname, 'guard.sh'), dir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Neither keeps the owner's event loop alive: an owner that has nothing left to do may simply end.
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  const ended = once(guard, 'exit');
  return {
    ...joinRun(dir),
    async close() {
      guard.ref();
      guard.stdin.end();
      await ended;
    },
  };
}
