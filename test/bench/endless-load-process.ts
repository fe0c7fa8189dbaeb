import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { EndlessLoad, EndlessLoadResult } from './endurance-load.ts';
import { loadFrame } from './frames.ts';

/**
 * Sends events as fast as they are taken, by sockets and by requests at the same time, until it gets SIGTERM; then it ends
 * what it began, and prints what became of it. A request that is told to come again does so with the same body. A program
 * of its own: what it uses of the machine is not the gateway's.
 */
const asked = JSON.parse(process.argv[2]!) as EndlessLoad;
const FRAMES_A_TURN = 20;
/** What may wait in a socket before its next turn. */
const MAX_BUFFERED_BYTES = 65_536;
const BUFFER_LOOK_MS = 5;

let ending = false;
process.once('SIGTERM', () => {
  ending = true;
});

const result = { socketEvents: 0, acceptedEvents: 0, refusals: 0, closedSockets: 0 };
const agent = new Agent({ keepAlive: true, maxSockets: asked.inFlight });

async function post(body: string): Promise<{ readonly response: IncomingMessage; readonly answer: string }> {
  const sent = request(`${asked.url}/v1/events`, {
    agent,
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { response, answer: await text(response) };
}

async function sendRequests(student: number): Promise<void> {
  const body = Array.from({ length: asked.batch }, (_, n) => loadFrame(asked, student, n)).join('\n');
  while (!ending) {
    const { response, answer } = await post(body);
    if (response.statusCode === 503) {
      result.refusals += 1;
      await sleep(1_000 * Number(response.headers['retry-after']));
      continue;
    }
    const accepted = answer.split('"accepted"').length - 1;
    if (response.statusCode !== 200 || accepted !== asked.batch)
      throw new Error(`${response.statusCode}, ${accepted} of ${asked.batch}: ${answer.slice(0, 300)}`);
    result.acceptedEvents += accepted;
  }
}

async function sendFrames(student: number): Promise<void> {
  const ws = new WebSocket(`${asked.url.replace(/^http/, 'ws')}/wsapi/in/`, { perMessageDeflate: false });
  await once(ws, 'open');
  const frame = loadFrame(asked, student, 0);
  ws.once('close', () => {
    if (!ending) result.closedSockets += 1;
  });
  while (!ending && ws.readyState === WebSocket.OPEN) {
    for (let n = 0; n < FRAMES_A_TURN; n++) ws.send(frame);
    result.socketEvents += FRAMES_A_TURN;
    await new Promise(setImmediate);
    while (ws.bufferedAmount > MAX_BUFFERED_BYTES && ws.readyState === WebSocket.OPEN)
      await sleep(BUFFER_LOOK_MS);
  }
  // The gateway answers a close when it has read all that came before.
  ws.close(1000);
  if (ws.readyState !== WebSocket.CLOSED) await once(ws, 'close');
}

await Promise.all([
  ...Array.from({ length: asked.inFlight }, (_, student) => sendRequests(student)),
  ...Array.from({ length: asked.sockets }, (_, student) => sendFrames(asked.inFlight + student)),
]);
agent.destroy();
console.log(JSON.stringify(result satisfies EndlessLoadResult));
