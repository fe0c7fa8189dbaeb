import { connect as connectTcp, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createGatewayHouse, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const UPGRADE =
  'GET /wsapi/in/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
/** The header of a frame of 60,000 bytes, its mask all zeros. */
const HEADER = Buffer.from([0x81, 0xfe, 60_000 >> 8, 60_000 & 0xff, 0, 0, 0, 0]);
const PING = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);

interface Raw {
  readonly socket: Socket;
  readonly gone: Promise<string>;
  isGone(): boolean;
}

/** A socket by hand, and all that it was told until it was closed. */
async function raw(port: number): Promise<Raw> {
  const socket = connectTcp(port, '127.0.0.1');
  cleanUp.add(() => socket.destroy());
  let text = '';
  let isGone = false;
  socket
    .on('error', () => undefined)
    .on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
  const gone = new Promise<string>((resolve) =>
    socket.once('close', () => {
      isGone = true;
      resolve(text);
    }),
  );
  socket.write(UPGRADE);
  await until(() => text.includes('\r\n\r\n'), 'it is a WebSocket');
  return { socket, gone, isGone: () => isGone };
}

describe('a frame that does not come to its end', () => {
  test('closes its socket after a while, whatever else comes on it, and no other', async () => {
    const limits = { stallMs: 100, bodyBytesPerS: 1_000_000, closeMs: 50 };
    const { url, port, log } = await start({ limits });
    const idle = await raw(port);
    const stalled = await raw(port);
    // The first part of a message, between whose parts pings may come.
    stalled.socket.write(
      Buffer.concat([Buffer.from([0x01]), HEADER.subarray(1), Buffer.alloc(60_000, 0x20)]),
    );
    const pinging = setInterval(() => {
      for (const { socket } of [idle, stalled]) socket.write(PING);
    }, 10);
    cleanUp.add(() => clearInterval(pinging));
    expect(await stalled.gone).toContain('a frame kept us waiting for too long');
    expect(idle.isGone()).toBe(false);
    const client = await open(url);
    client.send({ event: 'x', user_id: 'bob' });
    await until(() => log.written().length === 1, 'others go on');
  });

  test('may take longer the more of it came', async () => {
    const { port } = await start({ limits: { stallMs: 50, bodyBytesPerS: 30_000, closeMs: 50 } });
    const [short, long] = [await raw(port), await raw(port)];
    long.socket.write(Buffer.concat([HEADER, Buffer.alloc(59_999, 0x20)]));
    short.socket.write(Buffer.concat([HEADER, Buffer.alloc(10, 0x20)]));
    await short.gone;
    expect(long.isGone()).toBe(false);
    expect(await long.gone).toContain('kept us waiting');
  });

  test('is not counted while its socket is not read', async () => {
    const limits = { stallMs: 100, bodyBytesPerS: 1_000_000, queueEvents: 5, closeMs: 50 };
    const { url, port, log } = await start({ limits });
    const slow = await raw(port);
    slow.socket.write(HEADER);
    log.hold();
    const busy = await open(url);
    for (let n = 0; n < 5; n++) busy.send({ event: 'x', user_id: 'bob' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(slow.isGone()).toBe(false);
    log.release();
    await slow.gone;
  });

  test('closes its socket when all of them together are too many, and the others may end', async () => {
    const { url, port, log } = await start({ limits: { unfinishedBytes: 100_000, closeMs: 50 } });
    const frame = Buffer.alloc(60_000, ' ');
    frame.write('{"event":"x","user_id":"bob"}');
    const first = await raw(port);
    first.socket.write(Buffer.concat([HEADER, frame.subarray(0, 59_000)]));
    const second = await raw(port);
    second.socket.write(Buffer.concat([HEADER, frame.subarray(0, 59_000)]));
    const [one, other] = await Promise.race([
      second.gone.then((text) => [first, text] as const),
      first.gone.then((text) => [second, text] as const),
    ]);
    expect(other).toContain('too many frames are unfinished');
    one.socket.write(frame.subarray(59_000));
    await until(() => log.written().length === 1, 'the other one is taken');
    const third = await raw(port);
    third.socket.write(Buffer.concat([HEADER, frame.subarray(0, 59_000)]));
    (await open(url)).send({ event: 'x', user_id: 'bob' });
    await until(() => log.written().length === 2, 'what came before was read');
    third.socket.write(frame.subarray(59_000));
    await until(() => log.written().length === 3, 'there was room again');
  });
});
