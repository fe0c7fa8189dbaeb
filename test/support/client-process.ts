import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Child } from '../../deploy/local/child.ts';
import { startProgram } from './process.ts';

export interface ClientProcess {
  /** The ids of the events that it promised to keep, as far as it was killed or stopped. */
  readonly kept: readonly string[];
  /** Begins, or goes on with what it kept, at another address perhaps. */
  start(nextUrl?: string): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  killAndStart(): Promise<void>;
  /** Resolves when all that it kept is acknowledged. */
  stop(): Promise<void>;
}

/** One user's client, as a process that is started again where it was after it was killed. */
export function createSender(user: string, firstUrl: string): ClientProcess {
  let url = firstUrl;
  const dir = mkdtempSync(join(tmpdir(), 'client-'));
  const kept: string[] = [];
  let child: Child;
  let from = 0;
  const note = (): void => {
    const ids = child.lines().flatMap((line) => /^kept (\S+)$/.exec(line)?.[1] ?? []);
    kept.push(...ids);
  };
  const start = async (nextUrl = url): Promise<void> => {
    url = nextUrl;
    const args = [url, dir, user, String(from)];
    const nodeArgs = ['--import', 'tsx'];
    child = await startProgram('test/integrity/client-sender.ts', { args, nodeArgs });
  };
  const kill = async (): Promise<void> => {
    await child.stop('SIGKILL');
    note();
    // A number is used once, though nobody was told of the last ones.
    from += 1_000_000;
  };
  return {
    kept,
    start,
    kill,
    async killAndStart() {
      await kill();
      await start();
    },
    async stop() {
      await child.waitForLine(/^kept /);
      // However long it takes on a busy machine: the test has a limit of its own.
      process.kill(child.pid, 'SIGTERM');
      expect(await child.ended).toMatchObject({ code: 0 });
      expect(child.lines().filter((line) => !line.startsWith('kept '))).toEqual(['flushed']);
      note();
    },
  };
}
