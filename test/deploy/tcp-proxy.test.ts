import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';

let echo: Server;
let proxy: TcpProxy;
const sockets: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await createTcpProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
  echo.close();
});

async function open() {
  const socket = connect(proxy.port, '127.0.0.1');
  sockets.push(socket);
  const seen = { text: '', closed: false };
  socket.on('data', (chunk) => {
    seen.text += chunk.toString();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    seen.closed = true;
  });
  await waitFor(() => seen.closed || !socket.connecting);
  return { socket, seen };
}

test('forwards in both directions', async () => {
  const { socket, seen } = await open();
  socket.write('hello');
  await waitFor(() => seen.text === 'hello');
});

test('cut ends the connections and refuses new ones, until it is restored', async () => {
  const { seen } = await open();
  await proxy.cut();
  await waitFor(() => seen.closed);
  expect((await open()).seen.closed).toBe(true);
  await proxy.restore();
  const after = await open();
  after.socket.write('again');
  await waitFor(() => after.seen.text === 'again');
});

test('a black hole keeps old and new connections open and silent, and loses nothing', async () => {
  const before = await open();
  before.socket.write('1');
  await waitFor(() => before.seen.text === '1');
  proxy.blackHole();
  const during = await open();
  before.socket.write('2');
  during.socket.write('3');
  // What did not come while a proxy without a fault made twenty round trips was held back.
  const other = await createTcpProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
  const control = connect(other.port, '127.0.0.1');
  control.on('error', () => {});
  sockets.push(control);
  for (let trip = 0; trip < 20; trip += 1) {
    control.write('x');
    await once(control, 'data');
  }
  await other.close();
  expect([before.seen, during.seen]).toEqual([
    { text: '1', closed: false },
    { text: '', closed: false },
  ]);
  await proxy.restore();
  await waitFor(() => before.seen.text === '12' && during.seen.text === '3');
});
