import { connect as connectTcp, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createGatewayHouse, type TestGatewayOptions, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const upgradeOf = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`;

/** A client that keeps its own side open whatever the server does. */
function connectOpen(port: number): Socket {
  const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
  cleanUp.add(() => socket.destroy());
  return socket.on('error', () => undefined).resume();
}

describe('an upgrade that is refused', () => {
  test.each<[string, string, string, TestGatewayOptions]>([
    ['because of its origin', '/wsapi/in/', 'Origin: https://evil.example\r\n', { origins: new Set() }],
    ['because of its key', '/wsapi/in/?access_token=lct_no', '', {}],
    ['because there are too many', '/wsapi/in/', '', { limits: { connections: 0 } }],
  ])(
    '%s leaves no socket behind, although its client keeps its side open',
    async (_name, path, more, options) => {
      const { port, server } = await start(options);
      const connections = () =>
        new Promise<number>((resolve, reject) =>
          server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
        );
      const clients = Array.from({ length: 5 }, () => connectOpen(port));
      const answered = clients.map((client) => new Promise((resolve) => client.once('data', resolve)));
      for (const client of clients) client.write(upgradeOf(path, more));
      for (const answer of answered) expect(String(await answer)).toMatch(/^HTTP\/1\.1 (?:4|5)/);
      await until(async () => (await connections()) === 0, 'all of them are gone');
    },
  );

  test('ends nothing else when its client resets the connection', async () => {
    const { url, port } = await start();
    for (let n = 0; n < 50; n++) {
      const client = connectOpen(port);
      await new Promise((resolve) => client.once('connect', resolve));
      await new Promise((resolve) => client.write(upgradeOf('/other'), resolve));
      client.resetAndDestroy();
    }
    await open(url);
  });
});
