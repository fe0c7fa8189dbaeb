import { fileURLToPath } from 'node:url';
import { startChild } from '../../deploy/local/child.ts';
import type { House } from './house.ts';
import type { FrameLoad } from './ingest-load.ts';

export interface EndlessLoad extends Omit<FrameLoad, 'events'> {
  /** So many sockets send, and so many requests are under way. */
  readonly sockets: number;
  readonly inFlight: number;
  /** Events of a request. */
  readonly batch: number;
}

export interface EndlessLoadResult {
  /** Events of sockets that were acknowledged. */
  readonly acknowledgedEvents: number;
  /** Events of requests whose answer called them accepted. */
  readonly acceptedEvents: number;
  /** Requests that were told to come again. */
  readonly refusals: number;
  /** Sockets that the gateway closed before all that they sent was acknowledged. */
  readonly closedSockets: number;
}

const END_MS = 120_000;

export interface EndlessSender {
  /** Throws, with what it said last, when it has ended by itself. */
  assertRunning(): void;
  end(): Promise<EndlessLoadResult>;
}

export async function startEndlessLoad(house: House, load: EndlessLoad): Promise<EndlessSender> {
  const child = await startChild({
    run: house.run,
    name: 'the load',
    command: process.execPath,
    args: [fileURLToPath(new URL('./endless-load-process.js', import.meta.url)), JSON.stringify(load)],
  });
  return {
    assertRunning() {
      if (!child.running()) throw new Error(`the load ended:\n${child.lines().slice(-20).join('\n')}`);
    },
    async end() {
      process.kill(child.pid, 'SIGTERM');
      const [line] = await child.waitForLine(/^\{.*\}$/, END_MS);
      return JSON.parse(line) as EndlessLoadResult;
    },
  };
}
