import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createGatewayHouse, type TestGateway, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const UPGRADE =
  'GET /wsapi/in/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
const QUEUE_EVENTS = 5;

async function queued({ registry }: TestGateway): Promise<number> {
  const text = await registry.getSingleMetricAsString('lectern_gateway_queue_events');
  return Number(text.split(' ').at(-1));
}

/** Fills the queue of a gateway with the events of one client. */
async function fill(gateway: TestGateway): Promise<void> {
  gateway.log.hold();
  const busy = await open(gateway.url);
  for (let n = 0; n < QUEUE_EVENTS; n++) busy.send({ event: 'x', user_id: 'busy' });
  await until(async () => (await queued(gateway)) === QUEUE_EVENTS, 'the queue is full');
}

describe('while the queue is full', () => {
  test('a socket that is opened then is not read, until there is room', async () => {
    const gateway = await start({ limits: { queueEvents: QUEUE_EVENTS } });
    await fill(gateway);
    const late = await open(gateway.url);
    late.send({ event: 'x', user_id: 'late' });
    // Time in which a gateway that reads it would take it.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await queued(gateway)).toBe(QUEUE_EVENTS);
    gateway.log.release();
    await until(() => gateway.log.written().length === QUEUE_EVENTS + 1, 'it was taken as well');
  });

  test('a sign of life that was asked for before is not missed after it: it is asked for anew', async () => {
    const gateway = await start({ limits: { queueEvents: QUEUE_EVENTS, pingMs: 1_000 } });
    const silentOne = connectTcp(gateway.port, '127.0.0.1');
    cleanUp.add(() => silentOne.destroy());
    let pings = 0;
    silentOne.on('data', (chunk) => {
      for (
        let at = chunk.indexOf('\x89\x00', 'latin1');
        at !== -1;
        at = chunk.indexOf('\x89\x00', at + 1, 'latin1')
      )
        pings++;
    });
    const gone = new Promise((resolve) => silentOne.once('close', resolve));
    silentOne.write(UPGRADE);
    await until(() => pings === 1, 'it was asked');
    await fill(gateway);
    gateway.log.release();
    await until(async () => (await queued(gateway)) === 0, 'there is room again');
    await gone;
    expect(pings).toBe(2);
  });
});
