import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createGatewayHouse, SOURCE, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const SCHOOL = 'https://school.example';
const LISTED = { origins: new Set([SCHOOL, 'chrome-extension://abcdef']) };
const REFUSAL = 'origin: this page may not send events; add its origin to LECTERN_ORIGINS';

function send(url: string, headers: Record<string, string>, method = 'POST') {
  return fetch(`${url}/v1/events`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'POST' ? { body: JSON.stringify([{ event: 'x', user_id: 'bob', source: SOURCE }]) } : {}),
  });
}

const preflight = (origin: string) => ({
  origin,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type',
});

const corsOf = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'));

/** The status and body of an upgrade that is refused. */
function upgrade(port: number, origin: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      origin,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    const request = httpRequest({ port, host: '127.0.0.1', path: '/wsapi/in/', headers });
    request.once('error', reject).once('response', (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += String(chunk);
      });
      response.once('end', () => resolve({ status: response.statusCode, body }));
    });
    request.once('upgrade', () => reject(new Error('it was taken')));
    request.end();
  });
}

test.each([
  ['/xapi/statements', 'POST, PUT', 'authorization, x-experience-api-version, content-type'],
  ['/caliper', 'POST', 'authorization, content-encoding, content-type'],
])(
  'pages of other origins are refused on %s as well, and allowed ones told what they may send',
  async (path, methods, headers) => {
    const open = async () => ({ kind: 'allowed', vouched: false }) as const;
    const { url } = await start({ ...LISTED, more: { standardSenders: { xapi: open, caliper: open } } });
    const ask = (origin: string) => fetch(`${url}${path}`, { method: 'OPTIONS', headers: preflight(origin) });
    expect((await ask('https://evil.example')).status).toBe(403);
    const allowed = await ask(SCHOOL);
    expect(allowed.status).toBe(204);
    expect(corsOf(allowed)).toMatchObject({
      'access-control-allow-origin': SCHOOL,
      'access-control-allow-methods': methods,
      'access-control-allow-headers': headers,
    });
  },
);

test('a page may read which version of xAPI answered, and when to come again', async () => {
  const open = async () => ({ kind: 'allowed', vouched: false }) as const;
  const { url } = await start({ ...LISTED, more: { standardSenders: { xapi: open, caliper: open } } });
  const response = await fetch(`${url}/xapi/about`, { headers: { origin: SCHOOL } });
  expect(response.headers.get('access-control-expose-headers')).toBe('retry-after, x-experience-api-version');
});

describe('where origins are listed', () => {
  test.each([
    'https://evil.example',
    'http://school.example',
    'https://school.example:8443',
    'null',
    `${SCHOOL}.evil`,
  ])('a page of %s can open no socket and send no events, and is told why', async (origin) => {
    const { url, port, log } = await start(LISTED);
    expect(await upgrade(port, origin)).toEqual({ status: 403, body: `${REFUSAL}\n` });
    const response = await send(url, { origin });
    expect([response.status, await response.json()]).toEqual([403, { error: REFUSAL }]);
    expect(corsOf(response)).toEqual({ vary: 'origin' });
    const asked = await send(url, preflight(origin), 'OPTIONS');
    expect([asked.status, corsOf(asked)]).toEqual([403, { vary: 'origin' }]);
    expect(log.attempts()).toBe(0);
  });

  test.each([...LISTED.origins])('a page of %s can, with its cookies', async (origin) => {
    const { url, log } = await start(LISTED);
    const client = await open(url, { origin });
    client.send({ event: 'x', user_id: 'bob' });
    await until(() => log.written().length === 1, 'the event was written');
    const asked = await send(url, preflight(origin), 'OPTIONS');
    expect(asked.status).toBe(204);
    const allowed = {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'retry-after',
      vary: 'origin',
    };
    expect(corsOf(asked)).toEqual({
      ...allowed,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-encoding, content-type',
      'access-control-max-age': '600',
    });
    const response = await send(url, { origin });
    expect([response.status, corsOf(response)]).toEqual([200, allowed]);
    const bad = await send(url, { origin, 'content-type': 'text/plain' });
    expect([bad.status, corsOf(bad)]).toEqual([415, allowed]);
  });

  test('whoever is no page sends no origin and may send events', async () => {
    const { url, log } = await start(LISTED);
    expect((await send(url, {})).status).toBe(200);
    (await open(url)).send({ event: 'y', user_id: 'bob' });
    await until(() => log.written().length === 2, 'both were written');
  });
});

describe('where any origin may send', () => {
  test('a page can open a socket and send events, without its cookies', async () => {
    const { url, log } = await start({ origins: 'any' });
    const origin = 'https://anything.example';
    (await open(url, { origin })).send({ event: 'x', user_id: 'bob' });
    await until(() => log.written().length === 1, 'the event was written');
    const cors = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'retry-after' };
    expect((await send(url, preflight(origin), 'OPTIONS')).status).toBe(204);
    const response = await send(url, { origin });
    expect([response.status, corsOf(response)]).toEqual([200, cors]);
  });

  test('a question that is none of a browser is a method that is not served', async () => {
    const { url } = await start({ origins: 'any' });
    for (const headers of [{}, { origin: SCHOOL }]) {
      const response = await send(url, headers, 'OPTIONS');
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });
});
