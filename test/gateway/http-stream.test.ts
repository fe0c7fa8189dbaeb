import { connect as connectTcp } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Registry } from 'prom-client';
import { openRequest } from './http-client.ts';
import {
  createGatewayHouse,
  SOURCE,
  TESTCASE_ONLY,
  type TestGateway,
  type TestGatewayOptions,
  until,
} from './support.ts';

const { start: startGateway, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

async function start(options: TestGatewayOptions = {}) {
  const started = await startGateway(options);
  const open = (headers: Record<string, string> = {}) => openRequest(started.url, headers);
  const post = (body: Buffer | string, headers: Record<string, string> = {}) => {
    const request = open(headers);
    request.end(body);
    return request.answer;
  };
  return { ...started, open, post };
}

const LOCK = JSON.stringify({ event: 'lock_fields', fields: { source: SOURCE, user_id: 'alice' } });
const GZIP = { 'content-encoding': 'gzip' };
const good = `[${LOCK},{"event":"good"}]`;
const statusesOf = (results: Record<string, unknown>[] | undefined) => results?.map(({ status }) => status);

async function queued(registry: Registry, unit: 'bytes' | 'events'): Promise<number> {
  const text = await registry.getSingleMetricAsString(`lectern_gateway_queue_${unit}`);
  return Number(text.split(' ').at(-1));
}

async function isWell({
  post,
  log,
}: { post: (body: string) => Promise<{ status: number }> } & Pick<TestGateway, 'log'>) {
  const before = log.written().length;
  expect((await post(good)).status).toBe(200);
  expect(log.written()).toHaveLength(before + 1);
}

describe('a body that is still coming in', () => {
  test('has its first elements in the log already, letter for letter', async () => {
    const { open, log } = await start();
    const request = open();
    const exact = '12345678901234567890,"b":{"c":1.0,"c":2},"d":"\\ud800"';
    await request.write(`[${LOCK},{"event":"one","a":${exact}},{"event":"tw`);
    await until(() => log.written().length === 1, 'the first event is in the log');
    expect(log.written()[0]!.client).toContain(`{"event":"one","a":${exact},`);
    request.end('o","n":1e400}]');
    const { status, results } = await request.answer;
    expect([status, statusesOf(results)]).toEqual([200, ['accepted', 'accepted', 'accepted']]);
    expect(log.written()[1]!.client).toContain('"n":1e400');
  });

  test('is read no faster than the log takes its events', async () => {
    const { open, log, registry } = await start({ limits: { requestWindowBytes: 200_000 } });
    log.hold();
    const request = open();
    const event = `,{"event":"x","a":"${'x'.repeat(1_000)}"}`;
    void request.write(`[${LOCK}${event.repeat(3_500)}`);
    await until(() => log.attempts() === 1, 'events are on their way');
    // Time in which a gateway that goes on reading would take all of it.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await queued(registry, 'bytes')).toBeLessThan(800_000);
    log.release();
    request.end(']');
    expect((await request.answer).status).toBe(200);
    expect(log.written()).toHaveLength(3_500);
  });

  test('that breaks in the middle keeps what came before, and the answer names both', async () => {
    const house = await start();
    const { status, error, results } = await house.post(
      `[${LOCK},{"event":"a","id":"a"},{"event":},{"event":"b"}]`,
    );
    const position = LOCK.length + 2 + '{"event":"a","id":"a"},'.length + '{"event":'.length;
    expect([status, error]).toEqual([400, `position ${position}: not JSON`]);
    expect(results).toEqual([
      { index: 0, status: 'accepted' },
      { index: 1, status: 'accepted', id: 'a' },
    ]);
    expect(house.log.written().map(({ type }) => type)).toEqual(['a']);
    await isWell(house);
  });

  test('is read no further when the queue is full, instead of being refused for what is in it', async () => {
    const { open, log, registry } = await start({ limits: { queueEvents: 2_000, requestWindowBytes: 1e9 } });
    log.hold();
    const request = open();
    const event = `,{"event":"x","a":"${'x'.repeat(80)}"}`;
    request.end(`[${LOCK}${event.repeat(9_000)}]`);
    await until(async () => (await queued(registry, 'events')) >= 2_000, 'the queue is full');
    // Time in which a gateway that goes on reading would have filled it to its last reserve.
    await new Promise((resolve) => setTimeout(resolve, 500));
    log.release();
    expect((await request.answer).status).toBe(200);
    expect(log.written()).toHaveLength(9_000);
  });

  test('can be sent to its end by a sender that was answered in the middle of it', async () => {
    const house = await start();
    const socket = connectTcp(house.port, '127.0.0.1');
    cleanUp.add(() => socket.destroy());
    let said = '';
    socket.on('data', (chunk) => {
      said += chunk.toString();
    });
    const length = 2 + 4_000_000;
    const head = `POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
    socket.write(`${head}[}`);
    await until(() => said.startsWith('HTTP/1.1 400 '), 'it was answered');
    socket.write(Buffer.alloc(4_000_000, ' '));
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => said.includes('HTTP/1.1 200 '), 'the next request was answered');
    await isWell(house);
  });

  test('of a sender that stalls ends with 408, what came before is kept, and nothing stays behind', async () => {
    const house = await start({ limits: { stallMs: 100, requestsInFlight: 1 } });
    const request = house.open();
    await request.write(`[${LOCK},{"event":"a"},{"event":"b`);
    const { status, headers, results } = await request.answer;
    expect([status, headers.connection, statusesOf(results)]).toEqual([
      408,
      'close',
      ['accepted', 'accepted'],
    ]);
    expect(house.log.written().map(({ type }) => type)).toEqual(['a']);
    await isWell(house);
  });

  test('of a sender that sends a byte now and then ends with 408 as well', async () => {
    const house = await start({ limits: { stallMs: 150, bodyBytesPerS: 10_000 } });
    const request = house.open();
    const since = performance.now();
    const drip = setInterval(() => void request.write(' '), 20);
    cleanUp.add(() => clearInterval(drip));
    cleanUp.add(request.cut);
    expect((await request.answer).status).toBe(408);
    clearInterval(drip);
    // The server as a whole would end it as well, after a minute.
    expect(performance.now() - since).toBeLessThan(10_000);
    request.cut();
    await isWell(house);
  });

  test('of a sender that is gone leaves nothing behind', async () => {
    // Room for one event that waits for an identity, of all requests together.
    const house = await start({ identity: TESTCASE_ONLY, limits: { backlogBytes: 30 } });
    const request = house.open();
    void request.write('[{"event":"a"},');
    const isFull = async (): Promise<boolean> => {
      const { results } = await house.post('[{"event":"b"},{"event":"c","user_id":"bob"}]');
      return results?.[0]?.status === 'rejected';
    };
    await until(isFull, 'its event waits');
    request.cut();
    await until(async () => !(await isFull()), 'its event waits no longer');
    await isWell(house);
  });
});

describe('a body in gzip', () => {
  test('is unpacked', async () => {
    const { post, log } = await start();
    for (const encoding of ['gzip', 'X-GZIP'])
      expect((await post(gzipSync(good), { 'content-encoding': encoding })).status).toBe(200);
    expect((await post(good, { 'content-encoding': 'identity' })).status).toBe(200);
    expect(log.written()).toHaveLength(3);
  });

  test.each(['br', 'deflate', 'gzip, gzip'])('another encoding is refused: %s', async (encoding) => {
    const house = await start();
    const { status, headers, error } = await house.post(good, { 'content-encoding': encoding });
    expect([status, headers['accept-encoding']]).toEqual([415, 'gzip']);
    expect(error).toMatch(/^content-encoding: must be gzip/);
    await isWell(house);
  });

  test.each([
    ['no gzip at all', Buffer.from(good)],
    ['cut short', gzipSync(`[${LOCK},{"event":"a"}]`).subarray(0, -12)],
  ])('that does not unpack is refused: %s', async (_name, body) => {
    const house = await start();
    const { status, error } = await house.post(body, GZIP);
    expect([status, error]).toEqual([400, 'the body is not whole gzip']);
    await isWell(house);
  });

  test.each([
    ['to too many bytes', { unpackedBytes: 1_000_000, unpackedRatio: 1e9 }, /unpacked at most 1000000 bytes/],
    ['to too many times its size', { unpackedBytes: 1e9 }, /more than 250 times its size/],
  ])('that unpacks %s is refused without unpacking it', async (_name, limits, error) => {
    const house = await start({ limits });
    const zeros = gzipSync(Buffer.alloc(200_000_000, ' '), { level: 9 });
    let peak = 0;
    const base = process.memoryUsage().rss;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss - base);
    }, 1);
    const answers = await Promise.all(Array.from({ length: 8 }, () => house.post(zeros, GZIP)));
    clearInterval(watch);
    for (const answer of answers) {
      expect(answer.status).toBe(413);
      expect(answer.error).toMatch(error);
    }
    expect(peak).toBeLessThan(100_000_000);
    await isWell(house);
  });

  test('has a bound on the bytes that are sent, without a length of its own too', async () => {
    const house = await start({ limits: { bodyBytes: 50_000 } });
    const random = Array.from({ length: 10_000 }, () => Math.random().toString(36).slice(2)).join('');
    const packed = gzipSync(`["${random}"]`);
    expect((await house.post(packed, GZIP)).status).toBe(413);
    const chunked = house.open({ ...GZIP, 'transfer-encoding': 'chunked' });
    chunked.end(packed);
    expect((await chunked.answer).status).toBe(413);
    await isWell(house);
  });
});
