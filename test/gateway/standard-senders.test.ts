import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { gatewayShape, withGatewayRules } from '../../services/gateway/config.ts';
import { settingsOf } from '../../services/gateway/settings.ts';
import { standardSendersShape } from '../../services/gateway/standard-senders.ts';
import { type Environment, parseConfig } from '../../services/shared/config.ts';
import { caliperEvent, createStandardHouse, envelope, statement } from './standard-support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('who may send statements', () => {
  const credentials = ['lms:sécret:with:colons', 'other:x'];

  test('is who shows one of the pairs', async () => {
    const { post, put, log } = await start({ credentials });
    for (const pair of credentials)
      expect((await post(statement(), { authorization: basic(pair) })).status).toBe(200);
    expect((await put('?statementId=1', {}, { authorization: basic('other:x') })).status).toBe(400);
    expect(log.written()[0]!.clientFields.auth).toMatchObject({ sec: 'authenticated' });
  });

  test.each([
    undefined,
    '',
    basic('lms:secret'),
    basic('lms:'),
    basic('other'),
    basic('other:x '),
    basic('other:X'),
    'Basic other:x',
    'Bearer other:x',
    `Basic  ${Buffer.from('no').toString('base64')}`,
    'Basic',
  ])('is nobody who shows %s: 401, with the scheme, before anything is read', async (authorization) => {
    const { post, xapi, log } = await start({ credentials });
    for (const answer of [
      await post('{', { authorization, 'x-experience-api-version': undefined }),
      await xapi('GET', '', undefined, { authorization }),
    ]) {
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringMatching(/^Basic /),
      ]);
      expect(answer.error).toMatch(/^authorization: /);
    }
    expect(log.written()).toEqual([]);
  });

  test('is nobody where nothing is configured and others reach the port', async () => {
    const { post, caliper } = await start({ open: false });
    const refused = await post(statement(), { authorization: basic('a:b') });
    expect([refused.status, refused.error]).toEqual([
      401,
      expect.stringContaining('LECTERN_XAPI_CREDENTIALS'),
    ]);
    const envelopes = await caliper(envelope([caliperEvent()]));
    expect([envelopes.status, envelopes.error]).toEqual([
      401,
      expect.stringContaining('LECTERN_CALIPER_TOKENS'),
    ]);
  });

  test('may be decided elsewhere: 403 says that somebody may not', async () => {
    const refuse = () => Promise.resolve({ kind: 'refused', status: 403, error: 'not this source' } as const);
    const { post, caliper } = await start({ more: { standardSenders: { xapi: refuse, caliper: refuse } } });
    for (const answer of [await post(statement()), await caliper({})])
      expect([answer.status, answer.error, answer.headers.get('www-authenticate')]).toEqual([
        403,
        'not this source',
        null,
      ]);
  });

  test('is not asked where nobody decides: nothing is served', async () => {
    const { post, caliper } = await start({ more: { standardSenders: undefined } as never });
    expect([(await post(statement())).status, (await caliper({})).status]).toEqual([404, 404]);
  });
});

describe('who may send envelopes', () => {
  test.each([
    ['Bearer t-1', 200],
    ['bearer abc.DEF_~+/-==', 200],
    ['Bearer t-2', 401],
    ['Bearer t-1x', 401],
    ['Bearer', 401],
    ['Basic t-1', 401],
    [undefined, 401],
  ])('%s gives %s', async (authorization, status) => {
    const { caliper, log } = await start({ tokens: ['t-1', 'abc.DEF_~+/-=='] });
    const answer = await caliper(envelope([caliperEvent()]), { authorization });
    expect(answer.status).toBe(status);
    expect((await caliper(undefined, { authorization }, 'GET')).status).toBe(status);
    if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(log.written()).toHaveLength(status === 200 ? 1 : 0);
  });
});

describe('the configuration of senders', () => {
  const load = (env: Environment) => parseConfig(z.object(standardSendersShape), env);

  test('is read by lines and commas', () => {
    const config = load({ LECTERN_XAPI_CREDENTIALS: 'a:b, c:d\n\n e:f:g ', LECTERN_CALIPER_TOKENS: 'x,y' });
    expect(config).toEqual({
      LECTERN_XAPI_CREDENTIALS: ['a:b', 'c:d', 'e:f:g'],
      LECTERN_CALIPER_TOKENS: ['x', 'y'],
    });
  });

  const gateway = withGatewayRules(z.object(gatewayShape));
  test.each<[string, Environment, 'allowed' | 'refused']>([
    ['by anybody while nothing is configured and only this machine reaches the port', {}, 'allowed'],
    ['by nobody else when keys are required', { LECTERN_REQUIRE_KEY: 'true' }, 'refused'],
    ['by nobody when a proxy on this machine says who sends', { LECTERN_IDENTITY: 'http_basic' }, 'refused'],
    [
      'by nobody when a source has methods of its own',
      { LECTERN_IDENTITY_SOURCES: '{"a":["guest"]}' },
      'refused',
    ],
    ['by nobody when users are listed', { LECTERN_LOCAL_STORAGE_USERS: 'ls-bob' }, 'refused'],
    ['by nobody when only sensors have tokens', { LECTERN_CALIPER_TOKENS: 't' }, 'refused'],
    [
      'by nobody when only senders of statements have a password',
      { LECTERN_XAPI_CREDENTIALS: 'a:b' },
      'refused',
    ],
    [
      'by nobody where others reach the port',
      { LECTERN_HOST: '0.0.0.0', LECTERN_IDENTITY: 'guest' },
      'refused',
    ],
  ])('lets statements and envelopes without credentials be sent %s', async (_, env, kind) => {
    const { xapi, caliper } = settingsOf(parseConfig(gateway, env), {
      sources: [],
      typedSources: new Map(),
    }).standardSenders;
    const request = new IncomingMessage(new Socket());
    expect(await xapi(request, 'xapi')).toMatchObject({ kind });
    expect(await caliper(request, 'caliper')).toMatchObject({ kind });
  });

  test('is refused when it is malformed, without quoting it', () => {
    const wrong = () => load({ LECTERN_XAPI_CREDENTIALS: 'hush', LECTERN_CALIPER_TOKENS: 'hush hush' });
    expect(wrong).toThrow(/LECTERN_XAPI_CREDENTIALS: each must be <user>:<password>/);
    expect(wrong).toThrow(/LECTERN_CALIPER_TOKENS: each must be a token/);
    expect(wrong).not.toThrow(/hush/);
  });
});
