import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadFrame } from './frames.ts';
import type { HttpLoad, HttpLoadResult } from './ingest-load.ts';

/**
 * Sends events by `POST /v1/events`: bodies made before anything is sent, of one student each. A program of its own: what
 * it uses of the machine is not the gateway's. Throws when one event is not accepted.
 */
const asked = JSON.parse(process.argv[2]!) as HttpLoad;
const agent = new Agent({ keepAlive: true, maxSockets: asked.inFlight });
const bodies = Array.from({ length: asked.students }, (_, student) =>
  Buffer.from(Array.from({ length: asked.batch }, (_, n) => loadFrame(asked, student, n)).join('\n')),
);

function post(body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${asked.url}/v1/events`,
      {
        agent,
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson', 'content-length': body.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString();
          const accepted = answer.split('"accepted"').length - 1;
          if (response.statusCode === 200 && accepted === asked.batch) resolve();
          else
            reject(
              new Error(`${response.statusCode}, ${accepted} of ${asked.batch}: ${answer.slice(0, 300)}`),
            );
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Milliseconds from when each request was due until its answer: one that had to wait for others waited, too. */
const waits: number[] = [];
let next = 0;
const total = Math.ceil(asked.events / asked.batch);
const startedAt = performance.now();

async function sendInTurn(): Promise<void> {
  while (next < total) {
    const turn = next++;
    const dueAt =
      asked.perSecond === null
        ? performance.now()
        : startedAt + (1_000 * turn * asked.batch) / asked.perSecond;
    if (dueAt > performance.now()) await sleep(dueAt - performance.now());
    await post(bodies[turn % bodies.length]!);
    waits.push(performance.now() - dueAt);
  }
}

await Promise.all(Array.from({ length: asked.inFlight }, sendInTurn));
const result: HttpLoadResult = { seconds: (performance.now() - startedAt) / 1_000, waits };
console.log(JSON.stringify(result));
agent.destroy();
