import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import {
  createTokenCheck,
  TOKEN_ALGORITHMS,
  type TokenSettings,
} from '../../services/gateway/token-check.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { bearer, createDecisions, post } from './access-house.ts';
import {
  AUDIENCE,
  cleanUp as cleanJwks,
  ISSUER,
  makeKey,
  type SigningKey,
  sign,
  startJwks,
} from './jwks-house.ts';
import { createGatewayHouse, OPEN, SOURCE, silent, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(async () => {
  await cleanUp.run();
  await cleanJwks.run();
});

let key: SigningKey;
let other: SigningKey;
beforeAll(async () => {
  [key, other] = [await makeKey('one'), await makeKey('two')];
});

const settings = (jwks: TokenSettings['jwks'], fields: Partial<TokenSettings> = {}): TokenSettings => ({
  jwks,
  issuer: ISSUER,
  audience: [AUDIENCE],
  claim: 'sub',
  algorithms: TOKEN_ALGORITHMS,
  ...fields,
});
const textOf = (...keys: readonly SigningKey[]) => ({
  text: JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }),
});
const WITH_TOKENS = { ...OPEN, methods: ['jwt'] as const };
const event = { event: 'x', source: SOURCE };
const seconds = (): number => Math.floor(Date.now() / 1_000);

describe('a token of the sign-in', () => {
  test('says who the learner is, by request and by socket', async () => {
    const jwks = await startJwks(key);
    const checkToken = createTokenCheck(settings({ url: jwks.url }), { logger: silent });
    const decisions = createDecisions({ requireKey: true, checkToken });
    const { url, log } = await start({ identity: WITH_TOKENS, access: decisions.access });
    const token = await sign(key);
    expect((await post(url, [event], bearer(token))).status).toBe(200);
    const client = await open(url, bearer(token));
    client.send({ ...event, user_tag: 'somebody-else' });
    await until(() => log.written().length === 2, 'both events are written');
    const auth = {
      sec: 'authenticated',
      user_id: 'bob@school.org',
      providence: 'jwt',
      safe_user_id: 'jwt-bob@school.org',
    };
    for (const { key: safeId, clientFields } of log.written())
      expect([safeId, clientFields.auth]).toEqual([auth.safe_user_id, auth]);
    expect(client.answers).toEqual([{ status: 'auth', user_id: 'bob@school.org' }]);
    expect((await post(url, [event])).status).toBe(401);
  });

  test('ends its socket when it expires', async () => {
    let now = Date.now();
    const checkToken = createTokenCheck(settings(textOf(key)), { logger: silent, now: () => now });
    const clock = { every: () => () => undefined, now: () => now };
    const decisions = createDecisions({ checkToken, clock });
    const { url } = await start({
      identity: WITH_TOKENS,
      access: decisions.access,
      now: () => now,
    });
    const expires = seconds() + 2;
    const client = await open(url, bearer(await sign(key, { expires })));
    now = expires * 1_000;
    expect(await client.closed).toEqual({ code: 1008, reason: 'the token has expired' });
  });

  test('may name the learner by another claim, and be for one audience of several', async () => {
    const check = createTokenCheck(
      settings(textOf(key), { claim: 'preferred_username', audience: ['x', AUDIENCE] }),
      { logger: silent },
    );
    const token = await sign(key, { claims: { preferred_username: 'bob' }, audience: ['y', AUDIENCE] });
    expect(await check(token)).toEqual({ kind: 'jwt', userId: 'bob', expiresAt: expect.any(Number) });
  });
});

describe('a token is refused with 401', () => {
  test.each<[string, () => Promise<string>, RegExp]>([
    ['of another key', () => sign(other), /not among the published/],
    ['of a key that bears a name of ours', () => sign({ ...other, kid: 'one' }), /signature.*wrong/],
    ['that has expired', () => sign(key, { expires: seconds() - 60 }), /expired/],
    ['that never expires', () => sign(key, { expires: null }), /claim exp/],
    ['of another issuer', () => sign(key, { issuer: 'https://elsewhere' }), /claim iss/],
    ['for another audience', () => sign(key, { audience: 'another' }), /claim aud/],
    ['without a subject', () => sign(key, { claims: { sub: undefined } }), /claim sub/],
    ['whose subject is no text', () => sign(key, { claims: { roles: [], sub: 7 } }), /claim sub/],
    ['whose subject is too long', () => sign(key, { claims: { sub: 'x'.repeat(201) } }), /claim sub/],
    ['that is none', async () => 'a.b.c', /no.*JWT/],
    [
      'that is not signed',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`,
      /algorithm|JWT/,
    ],
    [
      'of a shared secret',
      async () =>
        await new SignJWT({ sub: 'bob' })
          .setProtectedHeader({ alg: 'HS256', kid: 'one' })
          .setIssuer(ISSUER)
          .setAudience(AUDIENCE)
          .setExpirationTime('1h')
          .sign(new TextEncoder().encode(JSON.stringify(key.publicJwk))),
      /algorithm/,
    ],
  ])('%s', async (_, token, reason) => {
    const check = createTokenCheck(settings(textOf(key)), { logger: silent });
    expect(await check(await token())).toEqual({
      kind: 'refused',
      status: 401,
      reason: expect.stringMatching(reason),
    });
  });

  test('of an algorithm that is not allowed here', async () => {
    const check = createTokenCheck(settings(textOf(key), { algorithms: ['RS256'] }), { logger: silent });
    expect(await check(await sign(key))).toMatchObject({ kind: 'refused', status: 401 });
  });
});

describe('the published keys', () => {
  test('may change: a token of a new key is taken, and one of a key that is gone is not', async () => {
    const jwks = await startJwks(key);
    const check = createTokenCheck(settings({ url: jwks.url }), { logger: silent, cooldownMs: 0 });
    expect(await check(await sign(key))).toMatchObject({ kind: 'jwt' });
    jwks.publish(other);
    expect(await check(await sign(other))).toMatchObject({ kind: 'jwt' });
    expect(await check(await sign(key))).toMatchObject({ kind: 'refused', status: 401 });
  });

  test('are not fetched for each token of an unknown key', async () => {
    const jwks = await startJwks(key);
    const check = createTokenCheck(settings({ url: jwks.url }), { logger: silent });
    for (let times = 0; times < 20; times++)
      expect(await check(await sign(other))).toMatchObject({ kind: 'refused', status: 401 });
    expect(jwks.fetches()).toBe(1);
  });

  test('that cannot be had are no fault of the sender: 503, once in the log, without the token', async () => {
    const jwks = await startJwks(key);
    jwks.answer(500);
    const logged: string[] = [];
    const destination = { write: (line: string) => void logged.push(line) };
    const logger = createLogger({ service: 'test', level: 'debug', destination });
    const checkToken = createTokenCheck(settings({ url: jwks.url }), { logger, cooldownMs: 0 });
    const decisions = createDecisions({ checkToken });
    const { url } = await start({ identity: WITH_TOKENS, access: decisions.access });
    const token = await sign(key);
    for (let times = 0; times < 3; times++) {
      const answer = await post(url, [event], bearer(token));
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      expect(JSON.stringify(answer.body)).not.toContain(token);
    }
    expect(logged).toEqual([expect.stringContaining('LECTERN_JWT_JWKS_URL')]);
    expect(logged.join()).not.toContain(token);
    jwks.answer(200);
    expect((await post(url, [event], bearer(token))).status).toBe(200);
  });

  test('of nobody: a server that is not there is 503, too', async () => {
    const check = createTokenCheck(settings({ url: 'http://127.0.0.1:9/' }), { logger: silent });
    expect(await check(await sign(key))).toMatchObject({ kind: 'refused', status: 503 });
  });
});
