import { createHmac } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SignJWT, UnsecuredJWT } from 'jose';
import { createLaunchOf, LTI_COOKIE } from '../../services/gateway/lti-session.ts';
import { createGatewayHouse, OPEN, until } from './support.ts';

const SECRET = 'a secret that has more than thirty-two bytes';
const NOW = 1_700_000_000_000;
const inMinutes = (minutes: number) => NOW / 1_000 + minutes * 60;
const launchOf = createLaunchOf({ secret: SECRET, now: () => NOW });
const read = (token: string) => launchOf({ [LTI_COOKIE]: token });

interface Options {
  readonly secret?: string;
  readonly alg?: string;
}

function sign(claims: Record<string, unknown>, { secret = SECRET, alg = 'HS256' }: Options = {}) {
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
}

const good = { sub: 'u-1', exp: inMinutes(1) };

describe('the session cookie of a launch', () => {
  test('tells the user, the class and the role', async () => {
    expect(await read(await sign({ ...good, context: 'class-7', role: 'Learner' }))).toEqual({
      userId: 'u-1',
      context: 'class-7',
      role: 'Learner',
    });
    expect(await read(await sign(good))).toEqual({ userId: 'u-1', context: null, role: null });
  });

  test.each([
    ['another secret', good, { secret: 'another secret of more than thirty-two bytes' }],
    ['another algorithm', good, { alg: 'HS512' }],
    ['a time that is over', { ...good, exp: inMinutes(-1) }, {}],
    ['no time', { sub: 'u-1' }, {}],
    ['a time that has not begun', { ...good, nbf: inMinutes(1) }, {}],
    ['no user', { exp: good.exp }, {}],
    ['an empty user', { ...good, sub: '' }, {}],
    ['a user that is no string', { ...good, sub: 7 }, {}],
    ['a user of 201 characters', { ...good, sub: 'u'.repeat(201) }, {}],
    ['a class that is no string', { ...good, context: { id: 7 } }, {}],
  ])('%s: no identity', async (_name, claims, options) => {
    expect(await read(await sign(claims, options))).toBeNull();
  });

  test('without a signature, or with another’s: no identity', async () => {
    expect(await read(new UnsecuredJWT(good).encode())).toBeNull();
    const [head, body] = (await sign(good)).split('.');
    const payload = Buffer.from(JSON.stringify({ ...good, sub: 'u-2' })).toString('base64url');
    const signature = createHmac('sha256', SECRET).update(`${head}.${body}`).digest('base64url');
    expect(await read(`${head}.${body}.${signature}`)).toMatchObject({ userId: 'u-1' });
    expect(await read(`${head}.${payload}.${signature}`)).toBeNull();
  });

  test('without a secret, or a cookie: no identity', async () => {
    const without = createLaunchOf({ secret: undefined, now: () => NOW });
    expect(await without({ [LTI_COOKIE]: await sign(good) })).toBeNull();
    expect(await launchOf({})).toBeNull();
  });

  test('whatever else stands in the cookie is no identity, and no exception', async () => {
    const [head, body, signature] = (await sign(good)).split('.') as [string, string, string];
    const piece = fc.oneof(
      fc.constantFrom(head, body, signature, ''),
      fc.string({ unit: 'binary' }),
      fc.base64String(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 5 }), async (pieces) => {
        const token = pieces.join('.');
        fc.pre(token !== `${head}.${body}.${signature}`);
        expect(await read(token)).toBeNull();
      }),
      { numRuns: 500, interruptAfterTimeLimit: 5_000 },
    );
  });
});

describe('lti_session at the gateway', () => {
  const { start, open, cleanUp } = createGatewayHouse();
  afterEach(() => cleanUp.run());
  const options = {
    identity: { ...OPEN, methods: ['lti_session'] as const },
    ltiSecret: SECRET,
    now: () => NOW,
  };
  const cookie = async (claims: Record<string, unknown>) => `a=b; ${LTI_COOKIE}=${await sign(claims)}; c=d`;

  test('knows the user of a socket and of a request', async () => {
    const { url, log } = await start(options);
    const client = await open(url, { cookie: await cookie(good) });
    client.send({ event: 'x' });
    await until(() => log.written().length === 1, 'the event was written');
    expect(client.answers).toEqual([{ status: 'auth', user_id: 'u-1' }]);
    await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { cookie: await cookie({ ...good, sub: 'u-2' }), 'content-type': 'application/json' },
      body: JSON.stringify([{ event: 'y' }]),
    });
    expect(log.written().map(({ key }) => key)).toEqual(['lti-u-1', 'lti-u-2']);
  });

  test('a cookie whose time is over identifies nobody: the event waits, and is not written', async () => {
    const { url, log } = await start(options);
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { cookie: await cookie({ ...good, exp: inMinutes(-1) }), 'content-type': 'application/json' },
      body: JSON.stringify([{ event: 'y' }]),
    });
    expect(await response.json()).toMatchObject({ results: [{ status: 'rejected' }] });
    expect(log.written()).toEqual([]);
  });

  test('sockets that break off while their cookie is read do no harm, and free their place', async () => {
    const { url, port, log } = await start({ ...options, limits: { connections: 3 } });
    const header = await cookie(good);
    for (let n = 0; n < 30; n++) {
      const socket = connectTcp(port, '127.0.0.1');
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write(
        `GET /wsapi/in/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nCookie: ${header}\r\n\r\n`,
      );
      socket.resetAndDestroy();
    }
    const again = () =>
      open(url, { cookie: header }).then(
        (client) => client,
        () => null,
      );
    let client = await again();
    await until(async () => {
      client ??= await again();
      return client !== null;
    }, 'there is room');
    client!.send({ event: 'x' });
    await until(() => log.written().length === 1, 'the event was written');
  });
});
