import { afterEach, describe, expect, test } from '@jest/globals';
import {
  createCleanUp,
  SOURCE,
  startGateway,
  TESTCASE_ONLY,
  type TestGatewayOptions,
  until,
} from './support.ts';

const cleanUp = createCleanUp();
afterEach(() => cleanUp.run());

async function start(options: TestGatewayOptions = {}) {
  const started = await startGateway(options);
  cleanUp.add(started.close);
  async function post(body: unknown, type = 'application/json', headers: Record<string, string> = {}) {
    const text =
      typeof body === 'string' ? body : Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body);
    const response = await fetch(`${started.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': type, ...headers },
      body: text,
    });
    const answer = (await response.json()) as { results?: Record<string, unknown>[]; error?: string };
    return { status: response.status, headers: response.headers, ...answer };
  }
  return { ...started, post };
}

const lock = { event: 'lock_fields', fields: { source: SOURCE, user_id: 'alice' } };
const NDJSON = 'application/x-ndjson';

describe('POST /v1/events', () => {
  test.each([
    ['a JSON array', 'application/json', (frames: object[]) => JSON.stringify(frames)],
    [
      'a JSON array with a charset',
      'application/json; charset=utf-8',
      (f: object[]) => JSON.stringify(f, null, 2),
    ],
    [
      'NDJSON',
      NDJSON,
      (frames: object[]) => `${frames.map((frame) => JSON.stringify(frame)).join('\r\n')}\n\n`,
    ],
  ])('takes %s and answers for every element', async (_name, type, toText) => {
    const { post, log } = await start();
    const answer = await post(toText([lock, { event: 'x', id: 'e-1' }, { event: 'y' }]), type);
    expect(answer.status).toBe(200);
    expect(answer.results).toEqual([
      { index: 0, status: 'accepted' },
      { index: 1, status: 'accepted', id: 'e-1' },
      { index: 2, status: 'accepted', id: log.written()[1]!.id },
    ]);
    expect(log.written().map(({ topic, type: kind, key }) => [topic, kind, key])).toEqual([
      [`test.events.${SOURCE}`, 'x', 'tc-testcase-alice'],
      [`test.events.${SOURCE}`, 'y', 'tc-testcase-alice'],
    ]);
  });

  test('one bad element never fails the others', async () => {
    const { post, log } = await start();
    const deep = `{"event":"x","a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    const bad = ['7', '{"a":1}', deep, '{"event":"x","__proto__":{"p":1}}', '{"event":"fetch_blob"}'];
    const answer = await post(`[${[JSON.stringify(lock), ...bad, '{"event":"good"}'].join(',')}]`);
    expect(answer.status).toBe(200);
    expect(answer.results?.map(({ status }) => status)).toEqual([
      'accepted',
      ...bad.map(() => 'rejected'),
      'accepted',
    ]);
    expect(answer.results?.[2]?.error).toMatch(/^event: must be there/);
    expect(answer.results?.[3]?.error).toMatch(/nested deeper than 100 levels/);
    expect(answer.results?.[4]?.error).toMatch(/^__proto__: /);
    const lines = await post(`${JSON.stringify(lock)}\n{oops\n{"event":"good"}`, NDJSON);
    expect(lines.results?.map(({ status }) => status)).toEqual(['accepted', 'rejected', 'accepted']);
    expect(lines.results?.[1]?.error).toBe('position 1: not JSON');
    expect(log.written().map(({ type }) => type)).toEqual(['good', 'good']);
  });

  test('elements before an identity are delivered by it; without one they are rejected', async () => {
    const { post, log } = await start({ identity: TESTCASE_ONLY });
    const known = await post([{ event: 'one' }, { event: 'two', user_id: 'bob' }]);
    expect(known.results?.map(({ status }) => status)).toEqual(['accepted', 'accepted']);
    const unknown = await post([{ event: 'one' }, { event: 'two' }]);
    expect(unknown.results).toEqual([
      { index: 0, status: 'rejected', error: expect.stringContaining('identify') },
      { index: 1, status: 'rejected', error: expect.stringContaining('identify') },
    ]);
    expect(log.written()).toHaveLength(2);
  });

  test('after a terminate nothing is taken', async () => {
    const { post, log } = await start();
    const answer = await post([lock, { event: 'terminate' }, { event: 'x' }]);
    expect(answer.results?.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'rejected']);
    expect(log.written()).toEqual([]);
  });

  test('a guest gets a cookie, others do not', async () => {
    const { post, log } = await start();
    const guest = await post([{ event: 'x' }]);
    const cookie = guest.headers.get('set-cookie')!;
    expect(cookie).toMatch(/^lectern_guest=[0-9a-f]{32}; .*HttpOnly; SameSite=Lax/);
    const again = await post([{ event: 'x' }], 'application/json', { cookie: cookie.split(';')[0]! });
    expect(again.headers.get('set-cookie')).toBeNull();
    expect(new Set(log.written().map(({ key }) => key)).size).toBe(1);
    expect((await post([lock, { event: 'x' }])).headers.get('set-cookie')).toBeNull();
  });

  test('an id whose event is durable already is a duplicate, for the same learner and source only', async () => {
    const { post, log } = await start();
    const frame = { event: 'x', id: 'e-1' };
    const statusOf = async (frames: object[]) => (await post(frames)).results?.at(-1)?.status;
    expect(await statusOf([lock, frame])).toBe('accepted');
    expect(await statusOf([lock, frame])).toBe('duplicate');
    expect(await statusOf([{ ...frame, user_id: 'bob', source: SOURCE }])).toBe('accepted');
    expect(await statusOf([{ ...frame, user_id: 'alice', source: 'other' }])).toBe('accepted');
    expect(log.written()).toHaveLength(3);
  });
});

describe('the acknowledgement of a request', () => {
  test('comes only after the log has everything, through failed sends', async () => {
    const { post, log } = await start();
    log.hold();
    let answered = false;
    const answer = post([lock, { event: 'x' }]).then((result) => {
      answered = true;
      return result;
    });
    await until(() => log.attempts() === 1, 'the send began');
    expect(answered).toBe(false);
    log.failNext(2);
    log.release();
    expect((await answer).status).toBe(200);
    expect(log.attempts()).toBe(3);
    expect(log.written()).toHaveLength(1);
  });

  test('is not given when the log is too slow: 503, nothing claimed, and it goes on by itself later', async () => {
    const { post, log } = await start({ limits: { ackTimeoutMs: 50 } });
    log.hold();
    const late = await post([lock, { event: 'late', id: 'e-1' }]);
    expect(late.status).toBe(503);
    expect(late.headers.get('retry-after')).toBe('1');
    expect(late.results).toBeUndefined();
    const never = await post([lock, { event: 'never', id: 'e-2' }]);
    expect(never.status).toBe(503);
    log.release();
    expect((await post([lock, { event: 'after' }])).status).toBe(200);
    expect(log.written().map(({ type }) => type)).toEqual(['late', 'after']);
  });

  test('is not given when the queue is full, until it has room again', async () => {
    const { post, log } = await start({ limits: { queueEvents: 3, ackTimeoutMs: 5_000 } });
    log.hold();
    const first = post([lock, { event: '1' }, { event: '2' }, { event: '3' }]);
    await until(() => log.attempts() === 1, 'the queue is full');
    const refused = await post([lock, { event: '4' }]);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    log.release();
    expect((await first).status).toBe(200);
    expect((await post([lock, { event: '4' }])).status).toBe(200);
    expect(log.written().map(({ type }) => type)).toEqual(['1', '2', '3', '4']);
  });

  test('on stop, requests in flight get theirs and new ones are refused', async () => {
    const { post, log, gateway } = await start();
    log.hold();
    const inFlight = post([lock, { event: 'x' }]);
    await until(() => log.attempts() === 1, 'the send began');
    const stopped = gateway.stop();
    expect((await post([lock, { event: 'y' }])).status).toBe(503);
    log.release();
    expect((await inFlight).status).toBe(200);
    await stopped;
    expect(log.written().map(({ type }) => type)).toEqual(['x']);
  });
});

describe('bad requests', () => {
  test.each([
    ['not JSON', '[}', 'application/json', 400, 'position 1: not JSON'],
    ['an empty body', '', 'application/json', 400, 'position 0: not JSON'],
    ['no array', '{"event":"x"}', 'application/json', 400, 'must be a JSON array'],
    ['not UTF-8', Buffer.from([0x5b, 0xff, 0x5d]), 'application/json', 400, 'not UTF-8'],
    ['only brackets', '['.repeat(4_000_000), 'application/json', 400, 'nested deeper'],
    ['another type', 'event=x', 'application/x-www-form-urlencoded', 415, 'content-type: must be'],
    ['too large', `["${'x'.repeat(4_194_304)}"]`, 'application/json', 413, 'too large'],
    ['too many elements', `[${'1,'.repeat(10_000)}1]`, 'application/json', 413, 'at most 10000 elements'],
  ])('%s', async (_name, body, type, status, error) => {
    const { post, log } = await start();
    const answer = await post(body, type);
    expect(answer.status).toBe(status);
    expect(answer.error).toContain(error);
    expect((await post([lock, { event: 'x' }])).status).toBe(200);
    expect(log.written()).toHaveLength(1);
  });

  test('locked fields cannot make a small request large', async () => {
    const { post, log } = await start({ limits: { requestBytes: 50_000 } });
    const large = { event: 'lock_fields', fields: { user_id: 'bob', a: 'x'.repeat(10_000) } };
    const answer = await post([large, ...Array(10).fill({ event: 'x' })]);
    expect([answer.status, answer.error]).toEqual([413, expect.stringContaining('50000 bytes')]);
    // Locked fields stand in an event twice.
    expect(answer.results?.map(({ status }) => status)).toEqual(Array(4).fill('accepted'));
    expect(log.written()).toHaveLength(3);
  });

  test('another method', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/v1/events`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('requests in flight have a cap', async () => {
    const { post, log } = await start({ limits: { requestsInFlight: 1 } });
    log.hold();
    const first = post([lock, { event: 'x' }]);
    await until(() => log.attempts() === 1, 'the first is in flight');
    expect((await post([lock, { event: 'y' }])).status).toBe(503);
    log.release();
    expect((await first).status).toBe(200);
    expect((await post([lock, { event: 'y' }])).status).toBe(200);
  });
});

test('metrics count outcomes and carry no word of an event', async () => {
  const { post, url } = await start();
  await post([lock, { event: 'secret-event', id: 'e-1' }, { event: 'x', source: 'secret-source' }, 7]);
  await post([lock, { event: 'x', id: 'e-1' }]);
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('lectern_gateway_events_total{source_known="true",outcome="accepted"} 2');
  expect(text).toContain('lectern_gateway_events_total{source_known="false",outcome="duplicate"} 1');
  expect(text).toContain('lectern_gateway_events_total{source_known="false",outcome="refused"} 1');
  expect(text).toMatch(/lectern_gateway_ack_seconds_count [1-9]/);
  expect(text).not.toMatch(/alice|secret|org\.mitros/);
});
