import { fileURLToPath } from 'node:url';
import { startChild } from '../../deploy/local/child.ts';
import type { House } from './house.ts';
import { runProgram } from './program.ts';

export interface FrameLoad {
  readonly url: string;
  readonly source: string;
  readonly events: number;
  readonly payloadBytes: number;
}

export interface HttpLoad extends FrameLoad {
  readonly students: number;
  /** Events of a request. */
  readonly batch: number;
  readonly inFlight: number;
  /** Events; null for as many as are taken. */
  readonly perSecond: number | null;
}

export interface HttpLoadResult {
  readonly seconds: number;
  /** For each request, milliseconds until it was answered. */
  readonly waits: readonly number[];
}

export function httpLoad(load: HttpLoad): Promise<HttpLoadResult> {
  return runProgram(new URL('./http-load-process.js', import.meta.url), load);
}

export interface SocketLoad extends FrameLoad {
  /** So many sockets share the events, and so many others are only open. */
  readonly active: number;
  readonly idle: number;
}

export interface AckLoad extends FrameLoad {
  readonly active: number;
  /** Null for as many as are acknowledged. */
  readonly perSecond: number | null;
  /** Events that one socket sends at a time. */
  readonly burst: number;
}

/** `waits` are those of events for their acknowledgements. */
export function ackLoad(load: AckLoad): Promise<HttpLoadResult> {
  return runProgram(new URL('./socket-ack-process.js', import.meta.url), load);
}

export interface RunningSockets {
  /** Resolves when every frame was given to its socket. */
  sent(): Promise<void>;
  close(): Promise<void>;
}

const DEADLINE_MS = 300_000;

/** Resolves when all sockets are open. */
export async function socketLoad(house: House, load: SocketLoad): Promise<RunningSockets> {
  const child = await startChild({
    run: house.run,
    name: 'the sockets',
    command: process.execPath,
    args: [fileURLToPath(new URL('./socket-load-process.js', import.meta.url)), JSON.stringify(load)],
  });
  await child.waitForLine(/^open$/, DEADLINE_MS);
  return {
    async sent() {
      await child.waitForLine(/^sent$/, DEADLINE_MS);
    },
    async close() {
      await child.stop('SIGKILL');
    },
  };
}
