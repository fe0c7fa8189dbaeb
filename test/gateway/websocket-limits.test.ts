import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Registry } from 'prom-client';
import { WebSocket } from 'ws';
import { connect, createGatewayHouse, until } from './support.ts';

const UPGRADE =
  'GET /wsapi/in/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

async function metricOf(registry: Registry, name: string): Promise<number> {
  return Number((await registry.getSingleMetricAsString(name)).split(' ').at(-1));
}

const connectionsOf = (registry: Registry) => metricOf(registry, 'lectern_gateway_connections');

describe('limits of the socket', () => {
  test('a full queue stops the reading of sockets; nothing is lost and order stays', async () => {
    const { url, log, gateway, registry } = await start({ limits: { queueEvents: 150, overdueMs: 50 } });
    const clients = await Promise.all(Array.from({ length: 20 }, () => open(url)));
    const send = (from: number, to: number): void => {
      for (const [student, client] of clients.entries())
        for (let n = from; n < to; n++) client.send({ event: 'x', user_id: `s${student}`, n });
    };
    log.hold();
    send(0, 8);
    await until(() => gateway.notReady().length > 0, 'it is no longer ready');
    expect(gateway.notReady()[0]).toMatch(/the log has not taken an event for \d+ s/);
    send(8, 100);
    const late = await open(url);
    late.send({ event: 'x', user_id: 'late', n: 0 });
    // Time in which a gateway that goes on reading would take them.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const held = await metricOf(registry, 'lectern_gateway_queue_events');
    expect(held).toBeGreaterThanOrEqual(150);
    expect(held).toBeLessThan(300);
    log.release();
    await until(() => log.sends.flat().length === 2_001, 'everything was written', 20_000);
    const written = log.written();
    for (const student of clients.keys()) {
      const mine = written.filter(({ key }) => key === `tc-testcase-s${student}`);
      expect(mine.map(({ clientFields }) => clientFields.n)).toEqual(mine.map((_, n) => n));
      expect(mine).toHaveLength(100);
    }
    await until(() => gateway.notReady().length === 0, 'it is ready again');
    expect([...clients, late].every(({ ws }) => ws.readyState === ws.OPEN)).toBe(true);
  });

  test('connections have a cap, and a new one is told to come again', async () => {
    const { url } = await start({ limits: { connections: 1 } });
    const first = await open(url);
    await expect(connect(url)).rejects.toThrow('503');
    first.ws.terminate();
    const again = () => open(url).then(Boolean, () => false);
    await until(again, 'there is room again');
  });

  test('a connection that does not answer pings is dropped, one that does is not', async () => {
    const { url, port, registry } = await start({ limits: { pingMs: 40 } });
    const alive = await open(url);
    const dead = connectTcp(port, '127.0.0.1');
    cleanUp.add(() => dead.destroy());
    dead.write(UPGRADE);
    await new Promise((resolve) => dead.once('close', resolve).resume());
    expect(alive.ws.readyState).toBe(alive.ws.OPEN);
    await until(async () => (await connectionsOf(registry)) === 1, 'only the living one is left');
  });

  test('a connection whose pong waits behind what it sends is not dropped as long as something comes', async () => {
    const pingMs = 40;
    const { url, log } = await start({ limits: { pingMs } });
    const ws = new WebSocket(`${url.replace('http', 'ws')}/wsapi/in/`, { autoPong: false });
    cleanUp.add(() => ws.terminate());
    let pings = 0;
    ws.on('ping', () => {
      pings += 1;
    });
    await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
    const sending = setInterval(() => ws.send('{"event":"x","user_id":"bob"}'), pingMs / 8);
    cleanUp.add(() => clearInterval(sending));
    await until(() => pings >= 5, 'it was asked several times');
    expect(ws.readyState).toBe(ws.OPEN);
    clearInterval(sending);
    await new Promise((resolve) => ws.once('close', resolve));
    expect(log.written().length).toBeGreaterThan(0);
  });

  test('a client that never reads its answers is cut off, and costs nobody else', async () => {
    const { url, port, log } = await start({ limits: { unreadBytes: 100_000 } });
    const deaf = connectTcp(port, '127.0.0.1');
    cleanUp.add(() => deaf.destroy());
    deaf.pause();
    deaf.write(UPGRADE);
    // Each of them is answered with an error that is longer.
    const frame = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x7b]);
    const frames = Buffer.concat(Array(5_000).fill(frame));
    let cut = false;
    const gone = new Promise<void>((resolve) => {
      for (const name of ['close', 'error']) deaf.once(name, () => resolve());
    }).then(() => {
      cut = true;
    });
    for (let n = 0; n < 1_000 && !cut; n++)
      await Promise.race([gone, new Promise((resolve) => deaf.write(frames, resolve))]);
    await gone;
    const client = await open(url);
    client.send({ event: 'x', user_id: 'bob' });
    await until(() => log.written().length === 1, 'others go on');
  });

  test('compression is not agreed to, because each socket would hold its own window', async () => {
    const { url } = await start();
    const ws = new WebSocket(`${url.replace('http', 'ws')}/wsapi/in/`, { perMessageDeflate: true });
    cleanUp.add(() => ws.terminate());
    await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
    expect(ws.extensions).toBe('');
  });

  test('an idle connection is closed', async () => {
    const { url } = await start({ limits: { pingMs: 20, idleMs: 60 } });
    const client = await open(url);
    expect(await client.closed).toEqual({ code: 1001, reason: 'idle for too long' });
  });
});

describe('stopping', () => {
  test('closes sockets with 1001, takes what they had sent, and waits for the log', async () => {
    const { url, log, gateway } = await start();
    const client = await open(url);
    client.send({ event: 'x', user_id: 'bob' });
    await until(() => log.attempts() === 1, 'the socket is in use');
    log.hold();
    client.send({ event: 'y' }, { event: 'z' });
    const stopped = gateway.stop();
    expect(gateway.notReady()).toEqual(['the gateway is stopping']);
    expect(await client.closed).toMatchObject({ code: 1001 });
    let done = false;
    void stopped.then(() => {
      done = true;
    });
    await until(() => log.attempts() === 2, 'the last events are being sent');
    expect(done).toBe(false);
    await expect(connect(url)).rejects.toThrow('503');
    log.release();
    await stopped;
    expect(log.written().map(({ type }) => type)).toEqual(['x', 'y', 'z']);
  });

  test('does not wait for ever', async () => {
    const { url, log, gateway } = await start({ limits: { drainMs: 50, closeMs: 50 } });
    const client = await open(url);
    log.failNext(Number.POSITIVE_INFINITY);
    client.send({ event: 'x', user_id: 'bob' });
    await until(() => log.attempts() > 0, 'an attempt was made');
    await gateway.stop();
    expect(log.written()).toEqual([]);
  });
});
