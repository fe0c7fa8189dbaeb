import { afterEach, describe, expect, test } from '@jest/globals';
import { createAppends } from '../../services/gateway/appends.ts';
import type { EventRecord } from '../../services/gateway/envelope.ts';
import { openRequest } from './http-client.ts';
import { createGatewayHouse, SOURCE, type TestGatewayOptions, until } from './support.ts';

const { start: startGateway, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

async function start(options: TestGatewayOptions = {}) {
  const started = await startGateway(options);
  const lock = { event: 'lock_fields', fields: { source: SOURCE, user_id: 'alice' } };
  async function post(...frames: object[]) {
    const request = openRequest(started.url);
    request.end(JSON.stringify([lock, ...frames]));
    const { status, results } = await request.answer;
    return { status, statuses: results?.slice(1).map((result) => `${result.id} ${result.status}`) };
  }
  const types = () => started.log.written().map(({ type }) => type);
  return { ...started, post, types };
}

const event = (id: string) => ({ event: id, id });

test('the last 10,000 events that became durable are known by their ids, and no more', async () => {
  const appends = createAppends({
    publisher: {
      publish: () => ({ kept: Promise.resolve(), refused: new Map(), cancel: () => [] }),
      isFull: () => false,
    },
    onKept: () => undefined,
    clockMs: () => performance.now(),
  });
  const eventAt = (n: number, ownId = true): EventRecord => {
    return {
      record: { topic: 't', key: 'k', value: Buffer.from('') },
      id: String(n),
      idInLog: String(n),
      ownId,
      sourceKnown: true,
    };
  };
  for (let n = 0; n <= 10_000; n += 100)
    await appends.append(Array.from({ length: 100 }, (_, m) => eventAt(n + m)))?.kept;
  const known = (n: number) => appends.known(eventAt(n));
  expect([known(99), known(100), known(10_099), known(10_100)]).toEqual([
    undefined,
    'durable',
    'durable',
    undefined,
  ]);
  expect(appends.known(eventAt(100, false))).toBeUndefined();
});

describe('an event that is sent again', () => {
  test('while it is on its way is appended once, and both senders are told when it is durable', async () => {
    const { post, log, types } = await start();
    log.hold();
    const answers = [post(event('a'), event('b'))];
    await until(() => log.attempts() === 1, 'it is on its way');
    answers.push(post(event('b'), event('c')), post(event('a')));
    let answered = 0;
    for (const answer of answers) void answer.then(() => answered++);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(answered).toBe(0);
    log.release();
    expect(await Promise.all(answers)).toEqual([
      { status: 200, statuses: ['a accepted', 'b accepted'] },
      { status: 200, statuses: ['b accepted', 'c accepted'] },
      { status: 200, statuses: ['a accepted'] },
    ]);
    expect(types()).toEqual(['a', 'b', 'c']);
    expect(await post(event('a'), event('c'))).toEqual({
      status: 200,
      statuses: ['a duplicate', 'c duplicate'],
    });
  });

  test('within one request is appended once', async () => {
    const { post, types } = await start();
    expect(await post(event('a'), event('a'))).toEqual({
      status: 200,
      statuses: ['a accepted', 'a accepted'],
    });
    expect(types()).toEqual(['a']);
  });

  test('after its first sender was told to come again shares the attempt that is still under way', async () => {
    const { post, log, types } = await start({ limits: { ackTimeoutMs: 300 } });
    log.hold();
    const first = post(event('a'));
    await until(() => log.attempts() === 1, 'it is on its way');
    expect((await first).status).toBe(503);
    const again = post(event('a'), event('b'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    log.release();
    expect(await again).toEqual({ status: 200, statuses: ['a accepted', 'b accepted'] });
    expect(types()).toEqual(['a', 'b']);
  });

  test('keeps what it shares alive when the first sender waits no longer', async () => {
    const { post, log, types } = await start({ limits: { ackTimeoutMs: 300 } });
    log.hold();
    const stuck = post(event('stuck'));
    await until(() => log.attempts() === 1, 'the log is stuck');
    const first = post(event('a'));
    await new Promise((resolve) => setTimeout(resolve, 150));
    const again = post(event('a'));
    expect([(await stuck).status, (await first).status]).toEqual([503, 503]);
    log.release();
    expect(await again).toEqual({ status: 200, statuses: ['a accepted'] });
    expect(types()).toEqual(['stuck', 'a']);
  });

  test('after it was dropped, because nobody waited any longer, is appended anew', async () => {
    const { post, log, types } = await start({ limits: { ackTimeoutMs: 100 } });
    log.hold();
    const stuck = post(event('stuck'));
    await until(() => log.attempts() === 1, 'the log is stuck');
    expect((await post(event('a'))).status).toBe(503);
    await stuck;
    log.release();
    await until(() => types().length === 1, 'the log goes on');
    expect(await post(event('a'))).toEqual({ status: 200, statuses: ['a accepted'] });
    expect(types()).toEqual(['stuck', 'a']);
  });

  test('in part, is recognised where its attempt had begun, and appended anew where it had not', async () => {
    const { post, log, types } = await start({ limits: { ackTimeoutMs: 100, batchBytes: 1 } });
    log.hold();
    const first = post(event('a'), event('b'));
    await until(() => log.attempts() === 1, 'the first event of two is on its way');
    expect((await first).status).toBe(503);
    log.release();
    await until(() => types().length === 1, 'the log goes on');
    expect(await post(event('a'), event('b'))).toEqual({
      status: 200,
      statuses: ['a duplicate', 'b accepted'],
    });
    expect(types()).toEqual(['a', 'b']);
  });

  test('by somebody else, or to another source, is another event', async () => {
    const { post, log, types } = await start();
    log.hold();
    const first = post(event('a'));
    await until(() => log.attempts() === 1, 'it is on its way');
    const others = post({ event: 'lock_fields', fields: { user_id: 'bob' } }, event('a'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    log.release();
    expect([(await first).status, (await others).status]).toEqual([200, 200]);
    expect(types()).toEqual(['a', 'a']);
  });
});
