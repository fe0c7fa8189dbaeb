import { afterEach, describe, expect, test } from '@jest/globals';
import { openRequest } from './http-client.ts';
import {
  caliperEvent,
  createStandardHouse,
  envelope,
  ID,
  type StandardGateway,
  statement,
} from './standard-support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const HOUR = 3_600;
const BOB = 'mailto:bob@school.example';
const WAYS = [
  [
    'xAPI',
    '/xapi/statements',
    (gateway: StandardGateway, count: number, bob = false) =>
      gateway.post(Array(count).fill(statement(bob ? { actor: { mbox: BOB } } : {}))),
  ],
  [
    'Caliper',
    '/caliper',
    (gateway: StandardGateway, count: number, bob = false) =>
      gateway.caliper(
        envelope(
          Array.from({ length: count }, (_, n) =>
            caliperEvent({ id: `urn:${n}:${Math.random()}`, ...(bob ? { actor: BOB } : {}) }),
          ),
        ),
      ),
  ],
] as const;

describe.each(WAYS)('whoever sends too much by %s', (_name, path, send) => {
  test('is refused by whom its events are of, until it may go on, and others are not', async () => {
    const gateway = await start({ rates: { perIdentity: { events: 5, seconds: HOUR } } });
    expect((await send(gateway, 5)).status).toBe(200);
    const refused = await send(gateway, 1);
    expect([refused.status, refused.error]).toEqual([429, expect.stringContaining('sends too much')]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(HOUR - 60);
    expect((await send(gateway, 2, true)).status).toBe(200);
    expect(gateway.log.written()).toHaveLength(7);
  });

  test('is refused by its address before its body is read, whatever was in the bodies before', async () => {
    const gateway = await start({ rates: { perAddress: { events: 4, seconds: HOUR } } });
    const version = { 'x-experience-api-version': '1.0.3', 'content-type': 'application/json' };
    const bad = () => gateway.request(path, { method: 'POST', headers: version, body: '{' });
    expect((await bad()).status).toBe(400);
    // All of it at once, also what is more than the rate: it could never be sent otherwise.
    expect((await send(gateway, 5)).status).toBe(200);
    const request = openRequest(gateway.url, version, path);
    cleanUp.add(request.cut);
    const { status, headers } = await request.answer;
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(HOUR - 60);
  });
});

test('a statement that comes again is not counted again by whom it is of', async () => {
  const { post } = await start({ rates: { perIdentity: { events: 2, seconds: HOUR } } });
  for (let n = 0; n < 3; n++) expect((await post(statement({ id: ID }))).status).toBe(200);
  expect((await post(statement())).status).toBe(200);
  expect((await post(statement())).status).toBe(429);
});
