import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { ACK_PROTOCOL } from '../../services/gateway/acks.ts';
import { loadFrame } from './frames.ts';
import type { AckLoad, HttpLoadResult } from './ingest-load.ts';

/**
 * Sends events over sockets that ask for acknowledgements, evenly spread or as many as are acknowledged, and prints how long
 * that took, and how long each waited for its own, from when it was due. A program of its own: what it uses of the machine is not the gateway's.
 */
const asked = JSON.parse(process.argv[2]!) as AckLoad;
/** So many at a time, as timers are no finer. */
const TURN_MS = 5;
/** Of one socket, on their way, when as many are sent as are acknowledged. */
const WINDOW = 100;
/** What is sent before is not counted: hundreds of sockets were just opened. */
const WARM_MS = 2_000;

interface Sender {
  readonly ws: WebSocket;
  readonly frame: string;
  /** When each frame was due. */
  readonly dueAt: number[];
  kept: number;
}

const waits: number[] = [];
let acknowledged = 0;
/** When the first event was due. */
let startedAt = 0;

async function open(student: number): Promise<Sender> {
  const ws = new WebSocket(`${asked.url.replace(/^http/, 'ws')}/wsapi/in/`, [ACK_PROTOCOL], {
    perMessageDeflate: false,
  });
  await once(ws, 'open');
  const sender: Sender = { ws, frame: loadFrame(asked, student, 0).slice(1), dueAt: [], kept: 0 };
  ws.on('message', (data: Buffer) => {
    const answer = JSON.parse(data.toString()) as { status: string; through: number };
    if (answer.status === 'error') throw new Error(`the gateway refused a frame: ${data}`);
    if (answer.status !== 'ack') return;
    const now = performance.now();
    for (; sender.kept <= answer.through; sender.kept++) {
      const dueAt = sender.dueAt[sender.kept]!;
      acknowledged++;
      if (dueAt - startedAt >= WARM_MS || asked.perSecond === null) waits.push(now - dueAt);
    }
  });
  ws.on('close', () => {
    if (sender.kept < sender.dueAt.length) throw new Error('the gateway closed a socket');
  });
  return sender;
}

const senders = await Promise.all(Array.from({ length: asked.active }, (_, student) => open(student)));
startedAt = performance.now();
let sent = 0;

function send({ ws, frame, dueAt }: Sender, at: number): void {
  ws.send(`{"session":"s","sequence":${dueAt.length},${frame}`);
  dueAt.push(at);
  sent++;
}

function sendWhatIsTaken(): void {
  for (const sender of senders)
    while (sent < asked.events && sender.dueAt.length - sender.kept < WINDOW) send(sender, performance.now());
}

function sendWhatIsDue(perSecond: number): void {
  const due = Math.min(asked.events, ((performance.now() - startedAt) / 1_000) * perSecond);
  while (sent < due) {
    const turn = Math.floor(sent / asked.burst);
    send(senders[turn % senders.length]!, startedAt + (1_000 * sent) / perSecond);
  }
}

while (acknowledged < asked.events) {
  if (asked.perSecond === null) sendWhatIsTaken();
  else sendWhatIsDue(asked.perSecond);
  await sleep(TURN_MS);
}
const result: HttpLoadResult = { seconds: (performance.now() - startedAt) / 1_000, waits };
for (const { ws } of senders) ws.close(1000);
console.log(JSON.stringify(result));
