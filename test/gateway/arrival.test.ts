import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createByteBudget } from '../../services/gateway/byte-budget.ts';
import { NO_CREDENTIAL } from '../../services/gateway/credential.ts';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';
import { createRates } from '../../services/gateway/rates.ts';
import type { Sender } from '../../services/gateway/sender.ts';
import { createSocketHub } from '../../services/gateway/websocket.ts';
import { OPEN, silent, until } from './support.ts';

const BOB: Sender = {
  cookies: {},
  setCookie: null,
  server: '{}',
  basicUser: 'bob',
  launch: null,
  origin: null,
  credential: NO_CREDENTIAL,
};

/** A hub whose senders are found out when the test says so, and upgrades whose sockets are in memory. */
function start() {
  const pending: { know: (sender: Sender) => void; fail: (error: Error) => void }[] = [];
  const hub = createSocketHub({
    identity: OPEN,
    origins: 'any',
    publisher: {
      publish: () => null,
      isFull: () => false,
      state: () => ({ bytes: 0, events: 0, oldestWaitMs: 0 }),
      stop: async () => undefined,
    },
    toEventRecord: () => {
      throw new Error('no event was sent');
    },
    backlogBudget: createByteBudget(1_000),
    metrics: { events: () => undefined, ack: () => undefined, attempt: () => undefined },
    now: Date.now,
    clockMs: () => performance.now(),
    limits: { ...DEFAULT_LIMITS, connections: 2 },
    logger: silent,
    blobs: null,
    access: {
      check: async () => NO_CREDENTIAL,
      doorFor: () => ({ refusal: () => null, leaving: () => null, credentialFault: () => null }),
    },
    rates: createRates({}, { logger: silent, clockMs: () => performance.now() }),
    addressOf: () => '127.0.0.1',
    senderOf: () => new Promise((know, fail) => void pending.push({ know, fail })),
  });
  function upgrade() {
    let answer = '';
    const socket = new Duplex({
      read: () => undefined,
      write(chunk, _encoding, done) {
        answer += String(chunk);
        done();
      },
    });
    const request = new IncomingMessage(new Socket());
    request.method = 'GET';
    request.url = '/wsapi/in/';
    request.headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    expect(hub.handleUpgrade(request, socket, Buffer.alloc(0))).toBe(true);
    return { socket, answer: () => answer };
  }
  return { hub, pending, upgrade };
}

test('an upgrade is answered only when its sender is known', async () => {
  const { hub, pending, upgrade } = start();
  const { answer } = upgrade();
  expect(answer()).toBe('');
  await until(() => pending.length > 0, 'it is asked about');
  pending[0]!.know(BOB);
  await until(() => answer() !== '', 'it is answered');
  expect(answer()).toMatch(/^HTTP\/1\.1 101 /);
  expect(hub.count()).toBe(1);
});

test('a socket that breaks off meanwhile does no harm and is not taken', async () => {
  const { hub, pending, upgrade } = start();
  const { socket, answer } = upgrade();
  expect(() => socket.emit('error', new Error('reset'))).not.toThrow();
  socket.destroy();
  await until(() => pending.length > 0, 'it is asked about');
  pending[0]!.know(BOB);
  upgrade();
  await until(() => pending.length === 2, 'the next one is asked about');
  expect([hub.count(), answer()]).toEqual([0, '']);
});

test('those whose senders are being found out count as connections, until they are known', async () => {
  const { pending, upgrade } = start();
  const [first] = [upgrade(), upgrade()];
  expect(upgrade().answer()).toMatch(/^HTTP\/1\.1 503 .*too many connections/s);
  await until(() => pending.length > 0, 'it is asked about');
  pending[0]!.fail(new Error('a bug'));
  await until(() => first!.socket.destroyed, 'one is gone');
  expect(upgrade().answer()).toBe('');
});

test('one that stop comes before is told to connect again', async () => {
  const { hub, pending, upgrade } = start();
  const { answer } = upgrade();
  await hub.stop();
  await until(() => pending.length > 0, 'it is asked about');
  pending[0]!.know(BOB);
  await until(() => answer() !== '', 'it is answered');
  expect(answer()).toMatch(/^HTTP\/1\.1 503 .*stopping; connect again/s);
});
