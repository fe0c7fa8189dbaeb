import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { ACK_PROTOCOL } from '../../services/gateway/acks.ts';
import { loadFrame } from './frames.ts';
import type { AckLoad } from './ingest-load.ts';

/**
 * Sends events evenly spread over sockets that ask for acknowledgements, and prints how long each waited for its own, from
 * when it was due. A program of its own: what it uses of the machine is not the gateway's.
 */
const asked = JSON.parse(process.argv[2]!) as AckLoad;
/** So many at a time, as timers are no finer. */
const TURN_MS = 5;

interface Sender {
  readonly ws: WebSocket;
  readonly frame: string;
  /** When each frame was due. */
  readonly dueAt: number[];
  kept: number;
}

const waits: number[] = [];

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
    for (; sender.kept <= answer.through; sender.kept++) waits.push(now - sender.dueAt[sender.kept]!);
  });
  ws.on('close', () => {
    if (sender.kept < sender.dueAt.length) throw new Error('the gateway closed a socket');
  });
  return sender;
}

const senders = await Promise.all(Array.from({ length: asked.active }, (_, student) => open(student)));
const startedAt = performance.now();
for (let sent = 0; sent < asked.events; ) {
  await sleep(TURN_MS);
  const due = Math.min(asked.events, ((performance.now() - startedAt) / 1_000) * asked.perSecond);
  for (; sent < due; sent++) {
    const { ws, frame, dueAt } = senders[sent % senders.length]!;
    ws.send(`{"session":"s","sequence":${dueAt.length},${frame}`);
    dueAt.push(startedAt + (1_000 * sent) / asked.perSecond);
  }
}
while (waits.length < asked.events) await sleep(TURN_MS);
for (const { ws } of senders) ws.close(1000);
console.log(JSON.stringify({ waits }));
