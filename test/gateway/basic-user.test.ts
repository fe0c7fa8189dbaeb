import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { basicUserOf } from '../../services/gateway/basic-user.ts';
import { createGatewayHouse, OPEN, SOURCE, until } from './support.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const userOf = (...authorization: string[]) => basicUserOf({ headersDistinct: { authorization } });

describe('the user of a Basic header', () => {
  test.each([
    ['bob:secret', 'bob'],
    ['bob:', 'bob'],
    ['bob:a:b', 'bob'],
    ['Bób Ö@school.org:é', 'Bób Ö@school.org'],
  ])('%s', (credentials, user) => {
    expect(userOf(`Basic ${base64(credentials)}`)).toBe(user);
    expect(userOf(`bASIC  ${base64(credentials)}`)).toBe(user);
  });

  test.each([
    ['another scheme', `Bearer ${base64('bob:x')}`],
    ['no credentials', 'Basic'],
    ['no colon', `Basic ${base64('bob')}`],
    ['no user', `Basic ${base64(':secret')}`],
    ['no base64', 'Basic bob:secret'],
    ['base64 without its padding', `Basic ${base64('bob:secret').replaceAll('=', '')}`],
    ['base64 with bits left over', 'Basic Ym9iOh=='],
    ['base64 of URLs', 'Basic Ym9iOv_-'],
    ['no UTF-8', `Basic ${Buffer.from([0x62, 0xff, 0x3a]).toString('base64')}`],
    ['a control character', `Basic ${base64('bob\n:x')}`],
    ['a zero', `Basic ${base64('bob\0eve:x')}`],
    ['more after it', `Basic ${base64('bob:x')} ${base64('eve:x')}`],
    ['more in it', `Basic ${base64('bob:x')}, Basic ${base64('eve:x')}`],
  ])('%s is nobody', (_name, header) => {
    expect(userOf(header)).toBeNull();
  });

  test('any user comes through whole, and whatever else stands there names nobody and throws nothing', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(name, name, fc.string({ unit: 'binary' }), (user, password, noise) => {
        fc.pre(!/[:\p{Cc}\p{Surrogate}]/u.test(user) && !/[\p{Cc}\p{Surrogate}]/u.test(password));
        expect(userOf(`Basic ${base64(`${user}:${password}`)}`)).toBe(user);
        expect(userOf(noise)).toBeNull();
        const read = userOf(`Basic ${base64(noise)}`);
        if (read !== null) expect(noise.startsWith(`${read}:`)).toBe(true);
      }),
      { numRuns: 1_000, interruptAfterTimeLimit: 3_000 },
    );
  });

  test('two headers are nobody: a proxy may have checked the other one', () => {
    expect(userOf(`Basic ${base64('bob:x')}`, `Basic ${base64('eve:x')}`)).toBeNull();
    expect(basicUserOf({ headersDistinct: {} })).toBeNull();
  });
});

describe('http_basic at the gateway', () => {
  const { start, open, cleanUp } = createGatewayHouse();
  afterEach(() => cleanUp.run());
  const authorization = `Basic ${base64('bob:secret')}`;
  const identity = { ...OPEN, methods: ['http_basic', 'testcase_auth'] as const };

  test('knows the user of a socket and of a request, and tells nobody the password', async () => {
    const { url, log } = await start({ identity });
    const client = await open(url, { authorization });
    client.send({ event: 'x', source: SOURCE, user_id: 'eve' });
    await until(() => log.written().length === 1, 'the event was written');
    expect(client.answers).toEqual([{ status: 'auth', user_id: 'bob' }]);
    await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify([{ event: 'y', source: SOURCE, user_id: 'eve' }]),
    });
    expect(log.written().map(({ type, key }) => [type, key])).toEqual([
      ['x', 'nginx-bob'],
      ['y', 'nginx-bob'],
    ]);
    expect(JSON.stringify(log.written())).not.toMatch(/secret|Basic/);
  });

  test('a malformed header leaves it to the next method', async () => {
    const { url, log } = await start({ identity });
    const client = await open(url, { authorization: 'Basic bob' });
    client.send({ event: 'x', user_id: 'eve' });
    await until(() => log.written().length === 1, 'the event was written');
    expect(log.written()[0]?.key).toBe('tc-testcase-eve');
  });
});
