import { afterEach, describe, expect, test } from '@jest/globals';
import { Gauge } from 'prom-client';
import { ask, type RawAnswer } from './raw-request.ts';
import { createStandardHouse } from './standard-support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const errorOf = ({ text }: RawAnswer): string => (JSON.parse(text) as { error: string }).error;

const JSON_TYPE = { 'content-type': 'application/json' };
const STANDARDS = [
  ['/xapi/statements', { ...JSON_TYPE, 'x-experience-api-version': '1.0.3' }],
  ['/caliper', JSON_TYPE],
] as const;

describe.each(STANDARDS)('what may be sent to %s', (path, headers) => {
  test('a body that is too large is refused with the limit and the remedy', async () => {
    const { url } = await start({ limits: { bodyBytes: 100 } });
    const answer = await ask(url, { method: 'POST', path, headers, body: 'x'.repeat(101) });
    expect([answer.status, errorOf(answer)]).toEqual([
      413,
      'the body is too large: at most 100 bytes; send several requests',
    ]);
  });

  test('a packed body is refused with what is taken instead', async () => {
    const { url } = await start();
    const packed = { ...headers, 'content-encoding': 'gzip' };
    const answer = await ask(url, { method: 'POST', path, headers: packed, body: '{}' });
    expect([answer.status, errorOf(answer), answer.headers['accept-encoding']]).toEqual([
      415,
      'content-encoding: must be none; send the body unpacked',
      'identity',
    ]);
  });
});

describe('the version of xAPI', () => {
  const version = 'x-experience-api-version';

  test.each([
    ['GET', 403],
    ['OPTIONS', 403],
  ])('is told to a page that may not %s', async (method, status) => {
    const { url } = await start({ origins: new Set() });
    const headers = { origin: 'https://page.example', 'access-control-request-method': 'POST' };
    const answer = await ask(url, { method, path: '/xapi/about', headers });
    expect([answer.status, answer.headers[version]]).toEqual([status, '1.0.3']);
  });

  test('is told in the answer to a preflight', async () => {
    const { url } = await start();
    const headers = { origin: 'https://page.example', 'access-control-request-method': 'POST' };
    const answer = await ask(url, { method: 'OPTIONS', path: '/xapi/statements', headers });
    expect([answer.status, answer.headers[version]]).toEqual([204, '1.0.3']);
  });
});

describe('the path of the socket', () => {
  const path = '/wsapi/in/';
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };

  test.each(['/wsapi/in/', '/wsapi/in', '/wsapi/in/?access_token=x'])(
    'asked without an upgrade says what to send: %s',
    async (asked) => {
      const { url } = await start();
      const answer = await ask(url, { method: 'GET', path: asked });
      expect([answer.status, answer.headers.upgrade, errorOf(answer)]).toEqual([
        426,
        'websocket',
        expect.stringContaining('send Upgrade: websocket'),
      ]);
    },
  );

  test('with a handshake that is none says so in plain text', async () => {
    const { url } = await start();
    const headers = { ...handshake, 'sec-websocket-version': '7' };
    const answer = await ask(url, { method: 'GET', path, headers });
    expect([answer.status, answer.headers['content-type'], answer.headers['sec-websocket-version']]).toEqual([
      400,
      'text/plain',
      '13',
    ]);
    expect(answer.text).toBe(
      'Missing or invalid Sec-WebSocket-Version header; open the socket by RFC 6455\n',
    );
  });

  test('takes no upgrade by another method', async () => {
    const { url } = await start();
    const answer = await ask(url, { method: 'POST', path, headers: handshake });
    expect([answer.status, answer.headers.allow, answer.text]).toEqual([405, 'GET', 'use GET\n']);
  });
});

describe('what operators ask', () => {
  test.each(['/healthz', '/readyz', '/metrics'])('%s has no other method', async (path) => {
    const { url } = await start();
    const answer = await ask(url, { method: 'POST', path });
    expect([answer.status, answer.headers.allow, errorOf(answer)]).toEqual([
      405,
      'GET, HEAD',
      'use GET, HEAD',
    ]);
    expect((await ask(url, { method: 'HEAD', path })).status).toBe(200);
  });

  test('not being ready says when to ask again', async () => {
    const { url, gateway } = await start();
    void gateway.stop();
    const answer = await ask(url, { method: 'GET', path: '/readyz' });
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
  });

  test('figures that cannot be had are an error like any other', async () => {
    const { url, registry } = await start();
    const collect = () => Promise.reject(new Error('broken on purpose'));
    new Gauge({ name: 'broken', help: 'Broken on purpose', registers: [registry], collect });
    const answer = await ask(url, { method: 'GET', path: '/metrics' });
    expect([answer.status, answer.headers['content-type'], errorOf(answer)]).toEqual([
      500,
      'application/json; charset=utf-8',
      'the request failed; the log has the cause',
    ]);
  });
});
