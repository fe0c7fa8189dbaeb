import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../../deploy/local/child.ts';
import { freePort } from '../../deploy/local/ports.ts';
import { waitFor } from '../support/wait.ts';
import type { House } from './house.ts';
import { cpuMicrosOf } from './process-cpu.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = join(ROOT, 'dist/services/gateway/main.js');

/** A gateway as it runs in production, in a process of its own, whose CPU and memory are counted apart. */
export interface GatewayProcess {
  readonly url: string;
  /** User and system time of all its threads until now, in microseconds. */
  cpuMicros(): number;
  /** What it has in memory now, in MB. */
  residentMb(): number;
  stop(): Promise<void>;
}

/** `source` is what it takes events of. */
export async function startGatewayProcess(house: House, source: string): Promise<GatewayProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { PATH = '', HOME = '' } = process.env;
  const child = await startChild({
    run: house.run,
    name: 'the gateway',
    command: process.execPath,
    args: ['--max-semi-space-size=64', PROGRAM],
    env: {
      PATH,
      HOME,
      ...house.variables,
      LECTERN_SOURCES: source,
      LECTERN_PORT: String(port),
      // All of its load comes from one machine.
      LECTERN_CONNECTIONS_PER_ADDRESS: '10000',
    },
    cwd: ROOT,
  });
  const isReady = async (): Promise<boolean> =>
    (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  await waitFor(isReady, { message: 'the gateway is ready', timeoutMs: 60_000 });
  return {
    url,
    cpuMicros: () => cpuMicrosOf(child.pid),
    residentMb() {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1_024;
    },
    async stop() {
      const { code, signal } = await child.stop('SIGTERM');
      if (code === 0) return;
      throw new Error(`the gateway ended with ${signal ?? code}:\n${child.lines().slice(-20).join('\n')}`);
    },
  };
}
