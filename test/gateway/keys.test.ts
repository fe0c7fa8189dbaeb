import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { WebSocket } from 'ws';
import { newKey } from '../../services/shared/access-key.ts';
import { bearer, createDecisions, post } from './access-house.ts';
import { createGatewayHouse, OPEN, SOURCE, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const NAMED = { ...OPEN, methods: ['local_storage'], guests: false } as const;
const event = (fields: object = {}) => ({ event: 'x', source: SOURCE, user_tag: 'bob', ...fields });

/** The status of the answer to an upgrade that is refused, its headers and its text. */
async function refusedUpgrade(url: string, headers: Record<string, string> = {}, query = '') {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/wsapi/in/${query}`, { headers });
  cleanUp.add(() => ws.terminate());
  ws.on('error', () => undefined);
  return await new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>(
    (resolve, reject) => {
      ws.on('open', () => reject(new Error('it was let in')));
      ws.on('unexpected-response', (_request, response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      });
    },
  );
}

describe('a gateway that requires keys', () => {
  test('takes events with one, and none without: 401 says how', async () => {
    const decisions = createDecisions({ requireKey: true });
    const { url, log } = await start({ identity: NAMED, access: decisions.access });
    const key = decisions.addKey();
    expect((await post(url, [event()], bearer(key))).body.results).toMatchObject([{ status: 'accepted' }]);
    const none = await post(url, [event()]);
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="lectern"']);
    expect(none.body.error).toContain('Authorization: Bearer');
    const client = await open(url, bearer(key));
    client.send(event());
    await until(() => log.written().length === 2, 'the second event is written');
    expect(await refusedUpgrade(url)).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="lectern"' },
      text: expect.stringContaining('Authorization: Bearer'),
    });
  });

  test('takes it from a page as a subprotocol, which it does not repeat, or in the query', async () => {
    const decisions = createDecisions({ requireKey: true });
    const { url } = await start({ identity: NAMED, access: decisions.access });
    const key = decisions.addKey();
    const address = `${url.replace('http', 'ws')}/wsapi/in/`;
    for (const ws of [
      new WebSocket(address, [`lectern.bearer.${key}`, 'lectern']),
      new WebSocket(`${address}?access_token=${key}`),
    ]) {
      cleanUp.add(() => ws.terminate());
      await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
      expect(ws.protocol).not.toContain(key);
    }
    expect(await refusedUpgrade(url, {}, `?access_token=${newKey().key}`)).toMatchObject({ status: 401 });
  });
});

test('a wrong, a revoked and an expired key are refused, also where none is required', async () => {
  let now = 5_000;
  const clock = { every: () => () => undefined, now: () => now };
  const decisions = createDecisions({ clock });
  const { url } = await start({ access: decisions.access });
  const [revoked, expiring] = [decisions.addKey(), decisions.addKey({ expires: 6_000 })];
  for (const key of [revoked, expiring]) expect((await post(url, [event()], bearer(key))).status).toBe(200);
  decisions.revoke(revoked);
  now = 6_000;
  const reasonOf = async (key: string) => {
    const { status, body } = await post(url, [event()], bearer(key));
    return [status, body.error];
  };
  expect(await reasonOf(revoked)).toEqual([401, 'the API key was revoked']);
  expect(await reasonOf(expiring)).toEqual([401, 'the API key has expired']);
  const unknown = [401, 'the API key is not one of this installation'];
  expect(await reasonOf(newKey().key)).toEqual(unknown);
  // Whoever knows only the id learns nothing of the key.
  expect(await reasonOf(`${revoked.slice(0, -1)}${revoked.endsWith('0') ? '1' : '0'}`)).toEqual(unknown);
  expect(await reasonOf('lct_short')).toEqual(unknown);
  expect(await reasonOf('of.another.kind')).toEqual([401, expect.stringContaining('no API key')]);
});

test('an event of a source that the key is not for is rejected, and the scope is named', async () => {
  const decisions = createDecisions();
  const { url, log } = await start({ access: decisions.access });
  const scoped = decisions.addKey({ sources: [SOURCE, 'org.second'] });
  const other = event({ source: 'org.other' });
  const { body } = await post(url, [event(), other, { event: 'x', user_tag: 'bob' }], bearer(scoped));
  const scope = `source: the API key ${scoped.split('_')[1]} is for ${SOURCE}, org.second only`;
  expect(body.results).toMatchObject([
    { status: 'accepted' },
    { status: 'rejected', error: expect.stringContaining(scope) },
    { status: 'rejected', error: expect.stringContaining(scope) },
  ]);
  const client = await open(url, bearer(scoped));
  client.send(other, event());
  await until(() => log.written().length === 2, 'the event in scope is written');
  expect(client.answers).toContainEqual({
    status: 'error',
    error: `frame 1: ${scope}`,
    remedy: 'correct the source, or ask for a key for it',
  });
});

describe('a program with a key speaks for many', () => {
  test('each event is of the learner that it names, who counts as authenticated', async () => {
    const decisions = createDecisions();
    const { url, log } = await start({ identity: NAMED, access: decisions.access });
    const key = decisions.addKey();
    const frames = [event(), event({ user_tag: 'eve' }), { event: 'x', source: SOURCE }, event()];
    const { body } = await post(url, frames, bearer(key));
    expect(body.results?.map(({ status }) => status)).toEqual([
      'accepted',
      'accepted',
      'rejected',
      'accepted',
    ]);
    expect(body.results?.[2]?.error).toContain('does not say whose it is');
    expect(log.written().map((one) => one.key)).toEqual(['ls-ls-bob', 'ls-ls-eve', 'ls-ls-bob']);
    expect(log.written()[1]?.clientFields.auth).toMatchObject({ sec: 'authenticated', user_id: 'ls-eve' });
    const client = await open(url, bearer(key));
    client.send(...frames);
    await until(() => log.written().length === 6, 'three more events are written');
    expect(
      log
        .written()
        .slice(3)
        .map((one) => one.key),
    ).toEqual(['ls-ls-bob', 'ls-ls-eve', 'ls-ls-bob']);
    expect(client.answers.map(({ status }) => status)).toEqual(['auth', 'error']);
  });

  test('and an event that names nobody is refused, also where guests are taken', async () => {
    const decisions = createDecisions();
    const { url, log } = await start({ access: decisions.access });
    const headers = bearer(decisions.addKey());
    const [bob, nobody, eve] = [event(), { event: 'x', source: SOURCE }, event({ user_tag: 'eve' })];
    for (const order of [
      [bob, nobody, eve],
      [nobody, bob, eve],
    ]) {
      const { body } = await post(url, order, headers);
      const errors = body.results?.flatMap(({ error }) => error ?? []);
      expect(errors).toEqual([expect.stringContaining('does not say whose it is')]);
      const client = await open(url, headers);
      client.send(...order, { event: 'terminate' });
      await client.closed;
      expect(client.answers.map(({ status }) => status).sort()).toEqual(['auth', 'error']);
    }
    await until(() => log.written().length === 8, 'the others are written');
    expect(new Set(log.written().map(({ key }) => key))).toEqual(new Set(['ls-ls-bob', 'ls-ls-eve']));
  });

  test('but not with a key that stands in a page: its learners are who they would be without it', async () => {
    const decisions = createDecisions();
    const { url, log } = await start({ access: decisions.access });
    const key = decisions.addKey({ vouches: false });
    await post(url, [event(), event({ user_tag: 'eve' })], bearer(key));
    expect(log.written().map((one) => one.key)).toEqual(['ls-ls-bob', 'ls-ls-bob']);
    expect(log.written()[0]?.clientFields.auth).toMatchObject({ sec: 'unauthenticated' });
  });
});

describe('the sockets of a key close', () => {
  test('when it is revoked, and those of others stay', async () => {
    const decisions = createDecisions();
    const { url, log } = await start({ access: decisions.access });
    const [gone, kept] = [decisions.addKey(), decisions.addKey()];
    const [closing, staying, without] = [
      await open(url, bearer(gone)),
      await open(url, bearer(kept)),
      await open(url),
    ];
    decisions.revoke(gone);
    expect(await closing.closed).toEqual({ code: 1008, reason: 'the API key was revoked' });
    for (const client of [staying, without]) client.send(event());
    await until(() => log.written().length === 2, 'the others go on');
  });

  test('when it expires', async () => {
    const decisions = createDecisions();
    const { url } = await start({ access: decisions.access });
    const client = await open(url, bearer(decisions.addKey({ expires: Date.now() + 300 })));
    expect(await client.closed).toEqual({ code: 1008, reason: 'the API key has expired' });
  });
});

describe('until the control topic was read once', () => {
  test('the gateway is not ready and answers keys with 503, then all is well', async () => {
    let attempts = 0;
    let isAway = true;
    const caughtUp = async (): Promise<void> => {
      attempts++;
      if (isAway) throw new Error('the log is away');
    };
    const decisions = createDecisions({ caughtUp });
    const { url, gateway } = await start({ access: decisions.access });
    const key = decisions.addKey();
    await until(() => attempts > 0, 'it was tried to read');
    expect(gateway.notReady()).toEqual([expect.stringMatching(/control topic.*the log is away/)]);
    const answer = await post(url, [event()], bearer(key));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await refusedUpgrade(url, bearer(key))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
    });
    expect((await post(url, [event()])).status).toBe(200);
    isAway = false;
    await until(() => gateway.notReady().length === 0, 'it was read');
    expect((await post(url, [event()], bearer(key))).status).toBe(200);
  });
});

test('nothing may pass unchecked: to work on a request before its sender was checked is a bug that shows', () => {
  const access = createDecisions().access(new Registry());
  expect(() => access.credentialOf({} as never)).toThrow('before its sender was checked');
});
