import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { DemoClass, DemoStudent } from './class-roster.ts';
import { type DemoFrame, lockFieldsFrame } from './frames.ts';
import { playStudent } from './script.ts';

export interface Player {
  /** How many frames were handed to sockets. */
  sent(): number;
  /** How many students have an open socket. */
  connected(): number;
  /** Ends the play: every student says `terminate` and closes. */
  stop(): Promise<void>;
}

export interface PlayerOptions {
  /** The gateway's socket, such as ws://127.0.0.1:8080/wsapi/in/. */
  readonly url: string;
  readonly roster: DemoClass;
  readonly seed: number;
  /** 1 is real time, 10 ten times as fast. */
  readonly speed: number;
  readonly logger: Logger;
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
}

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 15_000;
/** What may lie unsent in a socket before its student pauses. */
const UNSENT_BYTES = 65_536;
const CLOSE_MS = 1_000;

async function connect(url: string, signal: AbortSignal): Promise<WebSocket> {
  const ws = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: 10_000 });
  const cut = (): void => ws.terminate();
  signal.addEventListener('abort', cut);
  try {
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('close', () => reject(new Error('the connection was closed')));
      ws.on('error', reject);
    });
    return ws;
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

async function send(ws: WebSocket, frame: DemoFrame): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    ws.send(JSON.stringify(frame), (error) => (error == null ? resolve() : reject(error)));
  });
}

async function close(ws: WebSocket): Promise<void> {
  if (ws.readyState !== WebSocket.OPEN) return ws.terminate();
  const closed = new Promise<void>((resolve) => ws.once('close', () => resolve()));
  ws.send(JSON.stringify({ event: 'terminate' }));
  const hurry = setTimeout(() => ws.terminate(), CLOSE_MS);
  await closed;
  clearTimeout(hurry);
}

/** One student's script, and the frame of it that is to be sent next. */
interface Part {
  readonly student: DemoStudent;
  readonly steps: ReturnType<typeof playStudent>;
  pending: DemoFrame | undefined;
}

/** Plays a class through real sockets, as its students' browsers would: each reconnects and goes on where it was. */
export function playClass(options: PlayerOptions): Player {
  const { url, roster, speed, logger } = options;
  const retryMinMs = options.retryMinMs ?? RETRY_MIN_MS;
  const retryMaxMs = options.retryMaxMs ?? RETRY_MAX_MS;
  const stopping = new AbortController();
  const { signal } = stopping;
  // One for what each student waits for.
  setMaxListeners(roster.students.length, signal);
  const startMs = Date.now();
  let sent = 0;
  let connected = 0;

  /** Sends what comes next until the socket is gone. A frame that could not be sent stays the next. */
  async function playOn(ws: WebSocket, part: Part): Promise<void> {
    while (!signal.aborted && ws.readyState === WebSocket.OPEN) {
      if (ws.bufferedAmount > UNSENT_BYTES) {
        await sleep(100, undefined, { signal });
        continue;
      }
      if (part.pending === undefined) {
        const { value: step } = part.steps.next();
        part.pending = step!.frame;
        await sleep(step!.delayMs / speed, undefined, { signal });
      }
      await send(ws, part.pending);
      part.pending = undefined;
      sent++;
    }
  }

  async function playSocket(part: Part, again: boolean): Promise<void> {
    const ws = await connect(url, signal);
    connected++;
    try {
      if (again) await send(ws, lockFieldsFrame(part.student, Date.now()));
      await playOn(ws, part);
    } finally {
      connected--;
      await close(ws);
    }
  }

  async function playStudentOn(student: DemoStudent, index: number): Promise<void> {
    const steps = playStudent({ seed: options.seed, student, index, startMs });
    const part: Part = { student, steps, pending: undefined };
    let failures = 0;
    for (let again = false; !signal.aborted; again = true) {
      try {
        await playSocket(part, again);
        failures = 0;
      } catch (error) {
        failures++;
        if (!signal.aborted) logger.debug({ error: messageOf(error) }, 'a demo student is not connected');
      }
      const ceilingMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(failures, 20));
      await sleep(ceilingMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  const playing = Promise.all(roster.students.map(playStudentOn));
  return {
    sent: () => sent,
    connected: () => connected,
    async stop() {
      stopping.abort();
      await playing;
    },
  };
}
