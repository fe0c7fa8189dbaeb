import { startChild } from './child.ts';
import { findOrInstall } from './install.ts';
import type { ServerOptions } from './kafka.ts';
import { freePort } from './ports.ts';
import { type Service, startService, whenReady } from './service.ts';

const READY_DEADLINE_MS = 30_000;

export interface LocalRedis {
  readonly redisUrl: string;
  readonly service: Service;
}

/** One server on a free loopback port, with an append-only file in the run's directory. */
export async function startRedis({ run, log, lost }: ServerOptions): Promise<LocalRedis> {
  const command = await findOrInstall('Redis', ['redis-server', 'valkey-server'], 'redis-server', log);
  const dir = run.makeDir('redis');
  const port = await freePort();
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
  };
  const service = await startService({
    name: 'redis',
    lost,
    async launch() {
      const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
      const child = await startChild({ run, name: 'Redis', command, args, cwd: dir });
      return whenReady(child, child.waitForLine(/Ready to accept connections/, READY_DEADLINE_MS));
    },
  });
  return { redisUrl: `redis://127.0.0.1:${port}`, service };
}
