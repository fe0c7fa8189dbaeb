import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  gatewayShape,
  identityOf,
  optionalRedisShape,
  originsOf,
  withGatewayRules,
} from '../../services/gateway/config.ts';
import { openSharedCounts } from '../../services/gateway/open-counts.ts';
import { trafficOf } from '../../services/gateway/traffic-config.ts';
import { type Environment, parseConfig } from '../../services/shared/config.ts';
import { silent } from './support.ts';

const schema = withGatewayRules(z.object(gatewayShape));
const loadGatewayConfig = (env: Environment) => parseConfig(schema, env);

describe('the configuration of the gateway', () => {
  test('is open for testing on the loopback address only', () => {
    expect(identityOf(loadGatewayConfig({}))).toEqual({
      methods: ['local_storage', 'testcase_auth', 'guest'],
      sources: new Map(),
      localStorageUsers: new Set(),
      guests: true,
    });
    for (const host of ['localhost', '::1', '127.1.2.3'])
      expect(loadGatewayConfig({ LECTERN_HOST: host }).LECTERN_PORT).toBe(8080);
  });

  test.each(['0.0.0.0', '::', '10.0.0.7', 'gateway.school.org', '127.0.0.1.evil.org'])(
    'refuses to listen on %s without a chosen identity, saying so',
    (host) => {
      expect(() => loadGatewayConfig({ LECTERN_HOST: host })).toThrow(/LECTERN_IDENTITY: must be set when/);
      const config = loadGatewayConfig({ LECTERN_HOST: host, LECTERN_IDENTITY: 'local_storage' });
      expect(identityOf(config)).toMatchObject({ methods: ['local_storage'], guests: false });
    },
  );

  test('reports all problems at once', () => {
    const env = { LECTERN_HOST: '0.0.0.0', LECTERN_PORT: 'x', LECTERN_GUESTS: 'yes' };
    const load = () => loadGatewayConfig(env);
    for (const name of ['LECTERN_PORT', 'LECTERN_GUESTS', 'LECTERN_IDENTITY']) expect(load).toThrow(name);
    expect(() => loadGatewayConfig({ LECTERN_IDENTITY: 'guest,telepathy' })).toThrow(
      /LECTERN_IDENTITY: must be one or more of jwt, http_basic, .*local_storage, .*testcase_auth, guest/,
    );
  });

  test('reads the allow-list from a file, and with one takes no guests unless told to', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'lectern-')), 'users');
    writeFileSync(path, 'ls-bob\n\n  ls-eve \n');
    const env = { LECTERN_LOCAL_STORAGE_USERS_FILE: path };
    expect(identityOf(loadGatewayConfig(env))).toMatchObject({
      localStorageUsers: new Set(['ls-bob', 'ls-eve']),
      guests: false,
    });
    expect(identityOf(loadGatewayConfig({ ...env, LECTERN_GUESTS: 'true' })).guests).toBe(true);
  });

  test('gives sources identity methods of their own', () => {
    const bySource = '{"org.a":["lti_session","http_basic"],"org.b":["guest"]}';
    const env = { LECTERN_IDENTITY_SOURCES: bySource, LECTERN_LTI_SECRET: 's'.repeat(32) };
    expect(identityOf(loadGatewayConfig(env))).toEqual({
      methods: ['local_storage', 'testcase_auth', 'guest'],
      sources: new Map([
        ['org.a', ['lti_session', 'http_basic']],
        ['org.b', ['guest']],
      ]),
      localStorageUsers: new Set(),
      guests: false,
    });
  });

  test.each([
    ['org.a=guest', /LECTERN_IDENTITY_SOURCES: must be JSON, lists of identity methods by source/],
    ['["guest"]', /LECTERN_IDENTITY_SOURCES: must be JSON, lists/],
    ['{"org.a":"guest"}', /LECTERN_IDENTITY_SOURCES\.org\.a: must be one or more of jwt, http_basic/],
    ['{"org.a":[]}', /LECTERN_IDENTITY_SOURCES\.org\.a: must be one or more of jwt, http_basic/],
    ['{"org.a":["guest","telepathy"]}', /LECTERN_IDENTITY_SOURCES\.org\.a\.1: must be one or more of/],
  ])('refuses %s as methods by source, with the problems of all other variables', (value, message) => {
    const load = () =>
      loadGatewayConfig({
        LECTERN_HOST: '0.0.0.0',
        LECTERN_IDENTITY_SOURCES: value,
        LECTERN_LTI_SECRET: 'short',
        LECTERN_ORIGINS: 'https://a.org/path, school',
      });
    expect(load).toThrow(message);
    expect(load).toThrow(/LECTERN_IDENTITY: must be set when/);
    expect(load).toThrow(/LECTERN_LTI_SECRET: must have at least 32 bytes/);
    expect(load).toThrow(/LECTERN_ORIGINS: https:\/\/a\.org\/path: must be \* for any/);
    expect(load).toThrow(/LECTERN_ORIGINS: school: must be/);
  });

  test.each([
    { LECTERN_IDENTITY: 'guest,lti_session' },
    { LECTERN_IDENTITY_SOURCES: '{"a":["lti_session"]}' },
  ])('refuses lti_session without its secret: %j', (env) => {
    expect(() => loadGatewayConfig(env)).toThrow(/LECTERN_LTI_SECRET: must be set for .* lti_session/);
    const path = join(mkdtempSync(join(tmpdir(), 'lectern-')), 'secret');
    writeFileSync(path, `${'s'.repeat(32)}\n`);
    const config = loadGatewayConfig({ ...env, LECTERN_LTI_SECRET_FILE: path });
    expect(config.LECTERN_LTI_SECRET).toBe('s'.repeat(32));
  });

  test('takes pages of any origin on the loopback address, of none elsewhere unless they are listed', () => {
    const load = (env: Environment) => originsOf(loadGatewayConfig({ LECTERN_IDENTITY: 'guest', ...env }));
    expect(load({})).toBe('any');
    expect(load({ LECTERN_HOST: '0.0.0.0' })).toEqual(new Set());
    expect(load({ LECTERN_HOST: '0.0.0.0', LECTERN_ORIGINS: '*' })).toBe('any');
    const LECTERN_ORIGINS = 'HTTPS://School.example:443, http://localhost:8090 ,chrome-extension://abcdef';
    const listed = new Set(['https://school.example', 'http://localhost:8090', 'chrome-extension://abcdef']);
    for (const LECTERN_HOST of ['127.0.0.1', '0.0.0.0'])
      expect(load({ LECTERN_HOST, LECTERN_ORIGINS })).toEqual(listed);
  });

  test.each([
    ',',
    'null',
    'school.example',
    'https://a.org/',
    'https://a.org?x',
    'https://u@a.org',
    'https://[x',
    '//a.org',
  ])('refuses %s as an origin', (LECTERN_ORIGINS) => {
    expect(() => loadGatewayConfig({ LECTERN_ORIGINS })).toThrow(/LECTERN_ORIGINS: .*must be \* for any/);
  });
});

describe('the variables of how much may come in', () => {
  test('are off unless somebody decides, because a whole school may be behind one address', () => {
    expect(trafficOf(loadGatewayConfig({}))).toEqual({
      rates: { perIdentity: undefined, perAddress: undefined, shared: undefined },
      proxies: 0,
      limits: { connectionsPerAddress: 2_000 },
    });
  });

  test('take a rate as events a second, or as events in so many seconds', () => {
    const env = {
      LECTERN_RATE_PER_IDENTITY: '50',
      LECTERN_RATE_PER_ADDRESS: '500/10',
      LECTERN_CONNECTIONS_PER_ADDRESS: '40',
      LECTERN_PROXIES: '2',
    };
    expect(trafficOf(loadGatewayConfig(env))).toMatchObject({
      rates: { perIdentity: { events: 50, seconds: 1 }, perAddress: { events: 500, seconds: 10 } },
      proxies: 2,
      limits: { connectionsPerAddress: 40 },
    });
    const off = { LECTERN_RATE_PER_IDENTITY: '0' };
    expect(trafficOf(loadGatewayConfig(off)).rates.perIdentity).toBeUndefined();
  });

  test('connect to Redis only when there is something to count', async () => {
    const open = (env: Environment) => {
      const shape = z.object({ ...gatewayShape, ...optionalRedisShape });
      return openSharedCounts(parseConfig(shape, env), silent);
    };
    const LECTERN_REDIS_URL = 'redis://127.0.0.1:1';
    for (const env of [{ LECTERN_REDIS_URL }, { LECTERN_RATE_PER_IDENTITY: '5' }, {}])
      expect(open(env).shared).toBeUndefined();
    const counts = open({ LECTERN_REDIS_URL, LECTERN_RATE_PER_ADDRESS: '5', LECTERN_NAMESPACE: 'n' });
    expect(counts.shared?.namespace).toBe('n');
    await counts.close();
    expect(() => open({ LECTERN_REDIS_URL: 'localhost' })).toThrow(/LECTERN_REDIS_URL/);
  });

  test.each(['-1', 'fast', '5/0', '5/4000', '5/', '1.5'])('refuse the rate %s', (text) => {
    expect(() => loadGatewayConfig({ LECTERN_RATE_PER_IDENTITY: text })).toThrow(
      /LECTERN_RATE_PER_IDENTITY: must be the events of one second, such as 50/,
    );
  });
});
