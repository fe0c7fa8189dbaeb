import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../../deploy/local/redis.ts';
import type { Run } from '../../deploy/local/run.ts';

/** A Redis that a fault has for itself, with what can happen to one. */
export interface OwnRedis {
  readonly url: string;
  readonly port: number;
  /** Everything is gone, at once. */
  flushAll(): Promise<void>;
  /** Copies what is on its disk now, to be given to `replace`. */
  snapshot(): Promise<Snapshot>;
  /** kill -9, and starts again with what it had when the copy was made. */
  replace(by: Snapshot): Promise<void>;
  /** Calls the listener with each command that Redis executes, as long as the connection lives. */
  monitor(listener: (args: readonly string[]) => void): Promise<void>;
  close(): Promise<void>;
}

export interface Snapshot {
  readonly dir: string;
}

const AOF = 'appendonlydir';

export async function startOwnRedis(run: Run): Promise<OwnRedis> {
  const { redisUrl, service } = await startRedis({ run, log: () => {}, lost: console.error });
  const client = new Redis(redisUrl);
  // It goes away on purpose, and the client connects again by itself.
  client.on('error', () => {});
  const [, dataDir] = (await client.config('GET', 'dir')) as [string, string];
  const closers: (() => void)[] = [() => client.disconnect()];
  const monitors = async (listener: (args: readonly string[]) => void): Promise<void> => {
    const monitor = await client.monitor();
    monitor.on('error', () => {});
    monitor.on('monitor', (_, args: string[]) => listener(args));
    closers.push(() => monitor.disconnect());
  };
  return {
    url: redisUrl,
    port: Number(new URL(redisUrl).port),
    async flushAll() {
      await client.flushall();
    },
    async snapshot() {
      const dir = run.makeDir('redis-snapshot');
      // Redis hands every write to the kernel before it answers; a last command that is cut off is left out at the start.
      cpSync(join(dataDir, AOF), join(dir, AOF), { recursive: true });
      return { dir };
    },
    async replace({ dir }) {
      await service.kill();
      rmSync(join(dataDir, AOF), { recursive: true });
      cpSync(join(dir, AOF), join(dataDir, AOF), { recursive: true });
      await service.start();
    },
    monitor: monitors,
    async close() {
      for (const end of closers) end();
      await service.kill();
    },
  };
}
