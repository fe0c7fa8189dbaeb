import { once } from 'node:events';
import { WebSocket } from 'ws';
import { loadFrame } from './frames.ts';
import type { SocketLoad } from './ingest-load.ts';

/**
 * Opens sockets, of which some send their events as fast as they are taken, and the others nothing. A program of its own:
 * what it uses of the machine is not the gateway's. Says `open` when all are, and `sent` when everything was sent; then
 * it keeps them open until it is ended.
 */
const asked = JSON.parse(process.argv[2]!) as SocketLoad;
const FRAMES_A_TURN = 20;
/** Opened at a time: more would only wait in the listener's queue. */
const OPENING = 100;
/** What may wait in a socket before its next turn. */
const MAX_BUFFERED_BYTES = 65_536;

async function open(): Promise<WebSocket> {
  const ws = new WebSocket(`${asked.url.replace(/^http/, 'ws')}/wsapi/in/`, { perMessageDeflate: false });
  await once(ws, 'open');
  return ws;
}

async function sendAll(ws: WebSocket, student: number, count: number): Promise<void> {
  const frame = loadFrame(asked, student, 0);
  for (let sent = 0; sent < count; sent += FRAMES_A_TURN) {
    for (let n = 0; n < Math.min(FRAMES_A_TURN, count - sent); n++) ws.send(frame);
    do await new Promise(setImmediate);
    while (ws.bufferedAmount > MAX_BUFFERED_BYTES);
  }
}

const sockets: WebSocket[] = [];
for (let left = asked.active + asked.idle; left > 0; left -= OPENING)
  sockets.push(...(await Promise.all(Array.from({ length: Math.min(OPENING, left) }, open))));
console.log('open');
const each = Math.ceil(asked.events / asked.active);
await Promise.all(sockets.slice(0, asked.active).map((ws, student) => sendAll(ws, student, each)));
console.log('sent');
