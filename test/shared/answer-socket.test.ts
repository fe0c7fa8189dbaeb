import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, expect, test } from '@jest/globals';
import { answerSocket } from '../../services/shared/answer-socket.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A client that keeps its side open, and the socket that the server has of it. */
async function pair(): Promise<{ client: Socket; socket: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  closers.push(() => server.close());
  const arrived = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  closers.push(() => client.destroy());
  return { client, socket: await arrived };
}

test('an answered socket is gone although its client keeps its side open, and the client has the answer', async () => {
  const { client, socket } = await pair();
  let text = '';
  client.on('data', (chunk) => {
    text += String(chunk);
  });
  const gone = new Promise((resolve) => socket.once('close', resolve));
  answerSocket(socket, { status: 429, headers: { 'retry-after': '7' }, text: 'später\n' });
  await gone;
  await new Promise((resolve) => client.once('end', resolve));
  expect(text).toBe(
    'HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: 8\r\n\r\nspäter\n',
  );
});

test('a client that resets its connection ends nothing else', () => {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  answerSocket(socket, { status: 404 });
  expect(() => socket.emit('error', new Error('read ECONNRESET'))).not.toThrow();
});

test('a client that does not take its answer is cut off', async () => {
  const socket = new Duplex({ read() {}, write() {} });
  const gone = new Promise((resolve) => socket.once('close', resolve));
  answerSocket(socket, { status: 404 });
  await gone;
  expect(socket.destroyed).toBe(true);
});
