import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { addressOf } from '../../services/gateway/address.ts';
import { bearer, createDecisions } from './access-house.ts';
import { openRequest } from './http-client.ts';
import { connect, createGatewayHouse, TESTCASE_ONLY, type TestGatewayOptions, until } from './support.ts';

const { start: startGateway, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

async function start(options: TestGatewayOptions = {}) {
  const started = await startGateway(options);
  async function post(frames: object[], headers: Record<string, string> = {}) {
    const request = openRequest(started.url, headers);
    request.end(JSON.stringify(frames));
    return await request.answer;
  }
  return { ...started, post };
}

const events = (user: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => ({ event: 'x', user_id: user, id: `${user}-${from + n}` }));
const HOUR = 3_600;

describe('requests of a sender that sends too much', () => {
  test('are refused until it may go on, those of others are not', async () => {
    const { post, log } = await start({ rates: { perIdentity: { events: 5, seconds: HOUR } } });
    expect((await post(events('alice', 0, 5))).status).toBe(200);
    const refused = await post(events('alice', 5, 8));
    expect([refused.status, refused.error]).toEqual([429, expect.stringContaining('sends too much')]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(HOUR - 60);
    expect(refused.results).toEqual([
      { index: 0, status: 'rejected', error: expect.stringContaining('sends too much') },
    ]);
    expect((await post(events('bob', 0, 3))).status).toBe(200);
    expect(log.written()).toHaveLength(8);
  });

  test('are cut off in the middle of a body, and come through when they are sent again', async () => {
    const { url, post, log } = await start({ rates: { perIdentity: { events: 5, seconds: 3 } } });
    const request = openRequest(url);
    const all = events('alice', 0, 12);
    const text = JSON.stringify(all);
    await request.write(text.slice(0, text.indexOf('alice-5')));
    await until(() => log.written().length === 5, 'the first ones are in the log');
    request.end(text.slice(text.indexOf('alice-5')));
    const { status, headers, results } = await request.answer;
    expect([status, ['1', '2', '3'].includes(headers['retry-after']!)]).toEqual([429, true]);
    expect(results?.map((result) => result.status)).toEqual([...Array(5).fill('accepted'), 'rejected']);
    await until(async () => (await post(all)).status === 200, 'all of it was taken', 20_000);
    const ids = log.written().map(({ id }) => id);
    expect(ids).toEqual(all.map(({ id }) => id));
  });

  test('are counted by address as well, whatever is in them', async () => {
    const { post } = await start({ rates: { perAddress: { events: 5, seconds: HOUR } }, proxies: 1 });
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const garbage = Array(5).fill({ no: 'event' });
    expect((await post(garbage, from('10.0.0.1'))).status).toBe(200);
    const refused = await post(events('alice', 0, 1), from('10.0.0.1'));
    expect([refused.status, refused.results]).toEqual([429, undefined]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(HOUR - 60);
    expect((await post(events('alice', 0, 1), from('10.0.0.2'))).status).toBe(200);
  });
});

describe('a socket that sends too much', () => {
  test.each([
    ['identity', { perIdentity: { events: 10, seconds: 3 } }],
    ['address', { perAddress: { events: 10, seconds: 3 } }],
  ])('is not read until it may go on; nothing is lost, by %s', async (_name, rates) => {
    const { url, log } = await start({ rates, limits: { pingMs: 100 } });
    const client = await open(url);
    const send = (from: number, to: number) => client.send(...events('alice', from, to));
    send(0, 10);
    await until(() => log.written().length === 10, 'what is allowed was taken');
    send(10, 20);
    // Pings in between are not answered, because nothing is read; that must cost nobody the connection.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(log.written()).toHaveLength(10);
    await until(() => log.written().length === 20, 'the rest was taken later', 10_000);
    expect(log.written().map(({ id }) => id)).toEqual(events('alice', 0, 20).map(({ id }) => id));
    expect(client.ws.readyState).toBe(client.ws.OPEN);
  });

  test('stays unread when the log goes on, while others are read again; stopping does not wait for it', async () => {
    const rates = { perIdentity: { events: 5, seconds: HOUR } };
    const { url, log, gateway } = await start({ rates, limits: { queueEvents: 10, closeMs: 5_000 } });
    const alice = await open(url);
    alice.send(...events('alice', 0, 5));
    await until(() => log.written().length === 5, 'what is allowed was taken');
    alice.send(...events('alice', 5, 6));
    log.hold();
    for (const user of ['b', 'c', 'd']) (await open(url)).send(...events(user, 0, 5));
    await until(() => log.attempts() > 1, 'the queue fills');
    alice.send(...events('alice', 6, 7));
    log.release();
    await until(() => log.written().length === 20, 'the log goes on');
    const since = Date.now();
    await gateway.stop();
    expect(Date.now() - since).toBeLessThan(4_000);
    expect((await alice.closed).code).toBe(1001);
    const mine = log.written().filter(({ key }) => key === 'tc-testcase-alice');
    expect(mine.map(({ id }) => id)).toEqual(events('alice', 0, 7).map(({ id }) => id));
  });

  test.each([
    ['names itself first', [{ event: 'lock_fields', fields: { user_id: 'alice' } }]],
    ['names itself last', []],
  ])('gains nothing by connecting again, when it %s', async (_name, first) => {
    const rates = { perIdentity: { events: 10, seconds: HOUR } };
    const { url, log } = await start({ rates, identity: TESTCASE_ONLY });
    const bare = Array.from({ length: 100 }, (_, n) => ({ event: 'x', n }));
    const send = async () => {
      const client = await open(url);
      client.send(...first, ...bare, { event: 'x', user_id: 'alice' });
      await until(() => client.answers.length > 0, 'it was recognised');
      return client;
    };
    (await open(url)).send(...events('alice', 0, 10));
    await until(() => log.written().length === 10, 'what is allowed was taken');
    for (let n = 0; n < 5; n++) (await send()).ws[n % 2 === 0 ? 'close' : 'terminate']();
    const bob = await open(url);
    bob.send(...events('bob', 0, 3));
    await until(() => log.written().length >= 13, 'others go on');
    expect(log.written()).toHaveLength(13);
  });

  test('holds no more of what waits than sockets may together, once it is known who sends either', async () => {
    const rates = { perIdentity: { events: 5, seconds: HOUR } };
    const limits = { backlogBytes: 20_000 };
    const { url, log } = await start({ rates, limits, identity: TESTCASE_ONLY });
    (await open(url)).send(...events('alice', 0, 5));
    await until(() => log.written().length === 5, 'what is allowed was taken');
    const text = 'x'.repeat(100);
    const send = async () => {
      const client = await open(url);
      client.send(...Array(50).fill({ event: 'x', text }), { event: 'x', user_id: 'alice' });
      await until(() => client.answers.some(({ status }) => status === 'auth'), 'it was recognised');
      return client.answers.filter(({ status }) => status === 'error').length;
    };
    expect(await send()).toBe(0);
    expect(await send()).toBeGreaterThan(0);
  });

  test('loses nothing by closing: what it sent before is taken when it may go on', async () => {
    const { url, log } = await start({ rates: { perIdentity: { events: 5, seconds: 2 } } });
    const client = await open(url);
    client.send(...events('alice', 0, 5));
    await until(() => log.written().length === 5, 'what is allowed was taken');
    client.send(...events('alice', 5, 9));
    client.ws.close();
    await until(() => log.written().length === 9, 'the rest was taken later', 10_000);
  });

  test('cannot connect again while its address has to wait, and is told how long', async () => {
    const rates = { perAddress: { events: 5, seconds: HOUR } };
    const { url, log } = await start({ rates, proxies: 1 });
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const client = await open(url, from('10.0.0.1'));
    client.send(...events('alice', 0, 5));
    await until(() => log.written().length === 5, 'what is allowed was taken');
    const ws = new WebSocket(`${url.replace('http', 'ws')}/wsapi/in/`, { headers: from('10.0.0.1') });
    ws.on('error', () => undefined);
    const refusal = await new Promise<IncomingMessage>((resolve) =>
      ws.once('unexpected-response', (_request, response) => resolve(response)),
    );
    ws.terminate();
    expect(refusal.statusCode).toBe(429);
    expect(Number(refusal.headers['retry-after'])).toBeGreaterThan(HOUR - 60);
    await open(url, from('10.0.0.2'));
  });

  test('of a program that speaks for many is charged each event to its own learner', async () => {
    const decisions = createDecisions();
    const rates = { perIdentity: { events: 5, seconds: HOUR } };
    const { url, log } = await start({ rates, access: decisions.access });
    const client = await open(url, bearer(decisions.addKey()));
    const of = (user: string) => ({ event: 'x', user_tag: user });
    for (let n = 0; n < 4; n++) client.send(of('alice'), of('bob'), of('carol'));
    await until(() => log.written().length === 12, 'none of them sent too much');
    client.send(of('bob'), of('carol'));
    await until(() => log.written().length === 14, 'each has one more');
    client.send(of('alice'), of('bob'), of('carol'));
    await until(() => log.written().length === 15, 'only one of them may go on');
    expect(log.written().at(-1)?.key).toBe('ls-ls-alice');
  });
});

describe('an address', () => {
  test('has a cap of connections, a closed one makes room', async () => {
    const { url } = await start({ limits: { connectionsPerAddress: 2 }, proxies: 1 });
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const first = await open(url, from('10.0.0.1'));
    await open(url, from('10.0.0.1'));
    await expect(connect(url, from('10.0.0.1'))).rejects.toThrow('429');
    await open(url, from('10.0.0.2'));
    first.ws.terminate();
    const again = () => open(url, from('10.0.0.1')).then(Boolean, () => false);
    await until(again, 'there is room again');
  });

  const request = (remoteAddress: string | undefined, forwarded?: string) =>
    ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

  test.each([
    ['is what the connection has', '10.0.0.7', undefined, 0, '10.0.0.7'],
    ['is not what a client says when there is no proxy', '10.0.0.7', '1.2.3.4', 0, '10.0.0.7'],
    ['is what the proxy says, and nothing before it', '10.0.0.7', '6.6.6.6, 1.2.3.4', 1, '1.2.3.4'],
    ['is what the first of two proxies says', '10.0.0.7', '6.6.6.6, 1.2.3.4, 10.0.0.6', 2, '1.2.3.4'],
    ['is the connection’s when the proxy says nothing', '10.0.0.7', undefined, 1, '10.0.0.7'],
    ['is the connection’s when fewer proxies speak', '10.0.0.7', '1.2.3.4', 2, '10.0.0.7'],
    ['is an IPv4 one when it comes as IPv6', '::ffff:10.0.0.7', undefined, 0, '10.0.0.7'],
    ['is the network of an IPv6 one', '2001:db8:1:2:3:4:5:6', undefined, 0, '2001:db8:1:2::/64'],
    ['is the same network however it is written', '2001:0db8:1:2::9', undefined, 0, '2001:db8:1:2::/64'],
    ['is a network with zeros', '2001:db8::1', undefined, 0, '2001:db8:0:0::/64'],
    ['is this machine', '::1', undefined, 0, '0:0:0:0::/64'],
    ['is nothing when the connection is gone', undefined, undefined, 0, ''],
  ])('%s', (_name, remote, forwarded, proxies, address) => {
    expect(addressOf(request(remote, forwarded), proxies)).toBe(address);
  });
});
