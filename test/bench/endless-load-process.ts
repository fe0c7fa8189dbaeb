import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { ACK_PROTOCOL } from '../../services/gateway/acks.ts';
import type { EndlessLoad, EndlessLoadResult } from './endurance-load.ts';
import { loadFrame } from './frames.ts';

/**
 * Sends events as fast as they are taken, by sockets and by requests at the same time, until it gets SIGTERM; then it ends
 * what it began, and prints what became of it. A request that is told to come again does so with the same body. A program
 * of its own: what it uses of the machine is not the gateway's.
 */
const asked = JSON.parse(process.argv[2]!) as EndlessLoad;
/** Frames of a socket that are not acknowledged yet, and sent at a time. */
const WINDOW = 100;
const FRAMES_A_TURN = 20;

let ending = false;
process.once('SIGTERM', () => {
  ending = true;
});

const result = { acknowledgedEvents: 0, acceptedEvents: 0, refusals: 0, closedSockets: 0 };
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

/** A socket that asks for acknowledgements, and never has more on its way than they allow. */
async function sendFrames(student: number): Promise<void> {
  const ws = new WebSocket(`${asked.url.replace(/^http/, 'ws')}/wsapi/in/`, [ACK_PROTOCOL], {
    perMessageDeflate: false,
  });
  await once(ws, 'open');
  const body = loadFrame(asked, student, 0).slice(1);
  let [sent, kept] = [0, 0];
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      if (ending && kept === sent) ws.close(1000);
      while (!ending && sent - kept <= WINDOW - FRAMES_A_TURN)
        for (let n = 0; n < FRAMES_A_TURN; n++) ws.send(`{"session":"s","sequence":${sent++},${body}`);
    };
    ws.on('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as { status: string; through: number };
      if (answer.status === 'error') throw new Error(`the gateway refused a frame: ${data}`);
      if (answer.status === 'ack') kept = answer.through + 1;
      goOn();
    });
    ws.once('close', () => {
      result.acknowledgedEvents += kept;
      if (!ending || kept < sent) result.closedSockets += 1;
      resolve();
    });
    goOn();
  });
}

await Promise.all([
  ...Array.from({ length: asked.inFlight }, (_, student) => sendRequests(student)),
  ...Array.from({ length: asked.sockets }, (_, student) => sendFrames(asked.inFlight + student)),
]);
agent.destroy();
console.log(JSON.stringify(result satisfies EndlessLoadResult));
