import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import connection from 'kafkajs/src/network/connection.js';
import { socketFactory } from '../../services/shared/log/kafka-socket.ts';
import { waitFor } from '../support/wait.ts';

interface Answer {
  readonly correlationId: number;
  readonly payload: Buffer;
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A server's end, and a connection of kafkajs that notes the answers which it gets from there. */
async function openConnection() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const { port } = server.address() as AddressInfo;
  const socket = socketFactory({ host: '127.0.0.1', port, ssl: null as never, onConnect: () => undefined });
  const theirs = await accepted;
  theirs.setNoDelay(true);
  cleanups.push(() => {
    socket.destroy();
    theirs.destroy();
    server.close();
  });
  const answers: Answer[] = [];
  const receiving = Object.assign(Object.create(connection.prototype), {
    socket,
    authHandlers: null,
    chunks: [],
    bytesBuffered: 0,
    bytesNeeded: 4,
    requestQueue: { fulfillRequest: (answer: Answer) => void answers.push(answer) },
  }) as typeof connection.prototype;
  socket.on('data', (data: Buffer) => receiving.processData(data));
  return { theirs, answers };
}

/** As a broker sends it: its length, the number of the request, and what it says. */
function framed(payload: Buffer, correlationId: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + payload.length, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, payload]);
}

const size = fc.oneof(
  fc.nat(40),
  fc.integer({ min: 60_000, max: 70_000 }),
  fc.integer({ min: 0, max: 900_000 }),
);

test('answers arrive as they were sent, whatever their sizes and however they are cut on the way', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(size, { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 6 }),
      async (sizes, cuts) => {
        const { theirs, answers } = await openConnection();
        const payloads = sizes.map((length) => randomBytes(length));
        const all = Buffer.concat(payloads.map(framed));
        for (let at = 0, turn = 0; at < all.length; turn++) {
          const next = at + cuts[turn % cuts.length]!;
          await new Promise((resolve) => theirs.write(all.subarray(at, next), resolve));
          at = next;
        }
        await waitFor(() => answers.length === payloads.length, { message: 'all have arrived' });
        expect(answers.map(({ correlationId }) => correlationId)).toEqual(payloads.map((_, n) => n));
        // Compared at the end: nothing that comes later may have changed what came before.
        for (const [n, { payload }] of answers.entries()) expect(payload.equals(payloads[n]!)).toBe(true);
        for (const cleanup of cleanups.splice(0)) cleanup();
      },
    ),
    { numRuns: 40 },
  );
});

test('a large answer is one piece of memory of its own', async () => {
  const { theirs, answers } = await openConnection();
  const payload = randomBytes(500_000);
  theirs.write(framed(payload, 7));
  await waitFor(() => answers.length === 1, { message: 'it has arrived' });
  expect(answers[0]!.payload.equals(payload)).toBe(true);
  expect(answers[0]!.payload.buffer.byteLength).toBe(500_008);
});
