import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createApp, listen } from '../../services/shared/http.ts';
import { createLogger } from '../../services/shared/logger.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const logger = createLogger({ service: 'test', level: 'silent' });

/** A server, and what it says to a client that sends only `text` before the connection ends. */
async function answerTo(text: string): Promise<string> {
  const app = createApp({ routers: [], notReady: () => [], registry: new Registry(), logger });
  const timeouts = {
    headersTimeout: 100,
    requestTimeout: 200,
    keepAliveTimeout: 100,
    connectionsCheckingInterval: 20,
  };
  const listening = await listen(app, '127.0.0.1', 0, timeouts);
  closers.push(listening.close);
  const { port } = listening.server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  closers.push(() => client.destroy());
  const chunks: Buffer[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (text !== '') client.write(text);
  await new Promise((resolve, reject) => client.once('close', resolve).once('error', reject));
  return Buffer.concat(chunks).toString();
}

describe('a client that keeps a connection without using it is cut off', () => {
  test.each([
    ['when it sends nothing at all', '', /^HTTP\/1\.1 408 /],
    ['in the middle of its headers', 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow:', /^HTTP\/1\.1 408 /],
    [
      'in the middle of a body',
      'POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab',
      /^HTTP\/1\.1 404 /,
    ],
    ['after its last request', 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 200 /],
  ])('%s', async (_name, text, answer) => {
    expect(await answerTo(text)).toMatch(answer);
  });
});

test('connections beyond the bound are closed at once, and there is room again when one ends', async () => {
  const app = createApp({ routers: [], notReady: () => [], registry: new Registry(), logger });
  const listening = await listen(app, '127.0.0.1', 0, { maxConnections: 2 });
  closers.push(listening.close);
  const { port } = listening.server.address() as AddressInfo;
  const open = () => {
    const client = connect(port, '127.0.0.1');
    closers.push(() => client.destroy());
    let said = '';
    client.on('data', (chunk) => {
      said += String(chunk);
    });
    client.on('error', () => undefined);
    client.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    const ended = new Promise<string>((resolve) => {
      client.on('data', () => resolve(said.slice(0, 12)));
      client.once('close', () => resolve(said.slice(0, 12)));
    });
    return { client, ended };
  };
  const first = open();
  expect([await first.ended, await open().ended, await open().ended]).toEqual([
    'HTTP/1.1 200',
    'HTTP/1.1 200',
    '',
  ]);
  first.client.destroy();
  let again = '';
  for (let tries = 0; tries < 100 && again === ''; tries++) {
    again = await open().ended;
    if (again === '') await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(again).toBe('HTTP/1.1 200');
});
