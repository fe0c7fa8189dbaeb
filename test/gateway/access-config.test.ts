import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { tokenSettingsOf } from '../../services/gateway/access-config.ts';
import { gatewayShape, identityOf, withGatewayRules } from '../../services/gateway/config.ts';
import { type Environment, parseConfig } from '../../services/shared/config.ts';
import { makeKey } from './jwks-house.ts';

const schema = withGatewayRules(z.object(gatewayShape));
const load = (env: Environment) => parseConfig(schema, env);

const TOKENS = {
  LECTERN_JWT_JWKS_URL: 'https://sign-in.school.org/jwks',
  LECTERN_JWT_ISSUER: 'https://sign-in.school.org',
  LECTERN_JWT_AUDIENCE: 'lectern, other',
};

test.each([
  ['required keys', { LECTERN_REQUIRE_KEY: 'true' }, ['local_storage']],
  ['tokens', TOKENS, ['jwt']],
  ['both', { ...TOKENS, LECTERN_REQUIRE_KEY: 'true' }, ['jwt', 'local_storage']],
  [
    'a choice of its own',
    { LECTERN_REQUIRE_KEY: 'true', LECTERN_IDENTITY: 'guest,local_storage' },
    ['guest', 'local_storage'],
  ],
])('%s are a chosen identity, without guests', (_, env, methods) => {
  for (const host of ['0.0.0.0', '127.0.0.1'])
    expect(identityOf(load({ ...env, LECTERN_HOST: host }))).toMatchObject({ methods, guests: false });
});

test('a gateway that others can reach still needs one, and is told of these ways, too', () => {
  for (const env of [{}, { LECTERN_REQUIRE_KEY: 'false' }])
    expect(() => load({ ...env, LECTERN_HOST: '0.0.0.0' })).toThrow(
      /LECTERN_IDENTITY: must be set.*LECTERN_REQUIRE_KEY or LECTERN_JWT_JWKS_URL/,
    );
});

test('tokens are configured by a URL or a file', async () => {
  expect(tokenSettingsOf(load({}))).toBeNull();
  expect(tokenSettingsOf(load({ ...TOKENS, LECTERN_JWT_ALGORITHMS: 'ES256' }))).toEqual({
    jwks: { url: TOKENS.LECTERN_JWT_JWKS_URL },
    issuer: TOKENS.LECTERN_JWT_ISSUER,
    audience: ['lectern', 'other'],
    claim: 'sub',
    algorithms: ['ES256'],
  });
  const path = join(mkdtempSync(join(tmpdir(), 'jwks-')), 'jwks.json');
  const text = JSON.stringify({ keys: [(await makeKey('one')).publicJwk] });
  writeFileSync(path, text);
  const { LECTERN_JWT_JWKS_URL: _, ...rest } = TOKENS;
  expect(tokenSettingsOf(load({ ...rest, LECTERN_JWT_JWKS_FILE: path }))?.jwks).toEqual({ text });
});

test('every address that is this machine alone may publish keys without https', () => {
  for (const host of ['localhost', '127.0.0.1', '127.0.0.2', '[::1]'])
    expect(
      tokenSettingsOf(load({ ...TOKENS, LECTERN_JWT_JWKS_URL: `http://${host}:81/jwks` })),
    ).not.toBeNull();
});

const { LECTERN_JWT_JWKS_URL: _url, ...WITHOUT_KEYS } = TOKENS;

test.each<[string, Environment, RegExp]>([
  ['plain http', { ...TOKENS, LECTERN_JWT_JWKS_URL: 'http://sign-in.school.org' }, /JWKS_URL: .*https/],
  ['no URL', { ...TOKENS, LECTERN_JWT_JWKS_URL: 'sign-in' }, /JWKS_URL: .*https/],
  ['no issuer', { ...TOKENS, LECTERN_JWT_ISSUER: '' }, /LECTERN_JWT_ISSUER: must be set/],
  ['no audience', { ...TOKENS, LECTERN_JWT_AUDIENCE: '' }, /LECTERN_JWT_AUDIENCE: must be set/],
  ['no keys', WITHOUT_KEYS, /LECTERN_JWT_ISSUER: does nothing without LECTERN_JWT_JWKS_URL/],
  ['jwt without keys', { LECTERN_IDENTITY: 'jwt' }, /LECTERN_IDENTITY: has jwt.*LECTERN_JWT_JWKS_URL/],
  [
    'jwt without keys for one source',
    { LECTERN_IDENTITY_SOURCES: '{"org.b":["guest"],"org.a":["guest","jwt"]}' },
    /^\s*LECTERN_IDENTITY_SOURCES\.org\.a: has jwt.*LECTERN_JWT_JWKS_URL/m,
  ],
  [
    'a shared secret',
    { ...TOKENS, LECTERN_JWT_ALGORITHMS: 'RS256,HS256' },
    /ALGORITHMS: must be one or more/,
  ],
  ['no algorithm', { ...TOKENS, LECTERN_JWT_ALGORITHMS: ',' }, /ALGORITHMS: must be one or more/],
  ['no JWKS', { ...WITHOUT_KEYS, LECTERN_JWT_JWKS: '{}' }, /LECTERN_JWT_JWKS: must be a JSON Web Key Set/],
  [
    'a secret key',
    { ...WITHOUT_KEYS, LECTERN_JWT_JWKS: '{"keys":[{"kty":"oct","k":"secret"}]}' },
    /of public keys/,
  ],
  [
    'a private key',
    { ...WITHOUT_KEYS, LECTERN_JWT_JWKS: '{"keys":[{"kty":"EC","d":"secret"}]}' },
    /of public keys/,
  ],
  [
    'two places',
    { ...TOKENS, LECTERN_JWT_JWKS: '{"keys":[{"kty":"EC"}]}' },
    /together with LECTERN_JWT_JWKS_URL/,
  ],
])('a configuration with %s is refused, naming the variable and no secret', (_name, env, message) => {
  expect(() => load(env)).toThrow(message);
  expect(() => load(env)).not.toThrow(/"secret"/);
});
