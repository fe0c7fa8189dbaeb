import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  GUEST_COOKIE,
  IDENTITY_NAMES,
  type Identity,
  type IdentityInput,
  type IdentityName,
  identify,
} from '../../services/gateway/identity.ts';
import { OPEN } from './support.ts';

function who(input: Partial<IdentityInput>, identity: Partial<Identity> = {}) {
  const found = identify(
    { fields: {}, cookies: {}, ...input },
    { ...OPEN, methods: IDENTITY_NAMES, ...identity },
  );
  return found !== null && 'error' in found ? null : found;
}

const chrome = (id: unknown, more: object = {}) => ({ fields: { chrome_identity: { id }, ...more } });
const bob = new Set(['ls-bob']);

describe('the methods of Learning Observer', () => {
  test('http_basic names the user that the proxy in front has checked', () => {
    expect(who({ basicUser: 'bob smith@a.org/é' }, { methods: ['http_basic'] })).toEqual({
      sec: 'authenticated',
      user_id: 'bob smith@a.org/é',
      providence: 'nginx',
      safe_user_id: 'nginx-bob+smith@a.org%2F%C3%A9',
    });
  });

  test('http_basic is believed only where it is listed', () => {
    expect(who({ basicUser: 'bob' }, { methods: ['local_storage', 'testcase_auth', 'guest'] })).toBeNull();
  });

  test('chromebook names the browser’s account, which is also its key', () => {
    expect(who(chrome('1234567890'), { methods: ['chromebook'] })).toEqual({
      sec: 'unauthenticated',
      user_id: 'gc-1234567890',
      providence: 'gcu',
      safe_user_id: 'gc-1234567890',
    });
  });

  test('chromebook is as authenticated as the tag that comes with it', () => {
    const methods = ['chromebook'] as const;
    const strict = { methods, localStorageUsers: bob, guests: false };
    expect(who(chrome('7', { user_tag: 'bob' }), strict)).toMatchObject({
      sec: 'authenticated',
      user_id: 'gc-7',
    });
    expect(who(chrome('7', { user_tag: 'eve' }), strict)).toBeNull();
    expect(who(chrome('7'), strict)).toBeNull();
    expect(who(chrome('7', { user_tag: 'eve' }), { ...strict, guests: true })?.sec).toBe('unauthenticated');
    expect(who({ fields: { user_tag: 'bob' } }, strict)).toBeNull();
  });

  test.each([
    [7],
    [''],
    [null],
    [{}],
    ['\ud800'],
    ['1'.repeat(201)],
    ['a b'],
    ['a,STUDENT:b'],
    ['a%20b'],
    ['é'],
  ])('a browser’s account %j is none', (id) => {
    expect(who(chrome(id), { methods: ['chromebook'] })).toBeNull();
  });

  test.each([[null], ['7'], [[]], [undefined]])('chrome_identity %j names nobody', (chrome_identity) => {
    expect(who({ fields: { chrome_identity } }, { methods: ['chromebook'] })).toBeNull();
  });

  test('lti_session names the user of the launch', () => {
    const launch = { userId: 'u 1', context: 'class-7', role: 'Learner' };
    expect(who({ launch }, { methods: ['lti_session'] })).toEqual({
      sec: 'authenticated',
      user_id: 'u 1',
      providence: 'lti',
      safe_user_id: 'lti-u+1',
    });
    expect(who({ launch: null }, { methods: ['lti_session'] })).toBeNull();
    expect(who({ launch: { ...launch, userId: '\ud800' } }, { methods: ['lti_session'] })).toBeNull();
  });

  test('what a request itself says names nobody in the events of a program that speaks for many', () => {
    const key = { kind: 'api-key', id: 'a', sources: null, vouches: true, expiresAt: null } as const;
    const said = {
      basicUser: 'bob',
      launch: { userId: 'bob', context: null, role: null },
      cookies: { [GUEST_COOKIE]: '0'.repeat(32) },
    };
    for (const method of ['http_basic', 'lti_session', 'guest'] as const) {
      expect(who(said, { methods: [method] })).not.toBeNull();
      expect(who({ ...said, credential: { ...key, vouches: false } }, { methods: [method] })).not.toBeNull();
      expect(who({ ...said, credential: key }, { methods: [method] })).toBeNull();
    }
  });

  test('hash_identify names whom a hash stands for', () => {
    expect(who({ fields: { hash: 'a/b' } }, { methods: ['hash_identify'] })).toEqual({
      sec: 'unauthenticated',
      user_id: 'hi-a/b',
      providence: 'mch',
      safe_user_id: 'mch-hi-a%2Fb',
    });
    expect(who({ fields: { hash: 7 } }, { methods: ['hash_identify'] })).toBeNull();
  });
});

/** Who a method says somebody is that goes by a name. */
const NAMED: Readonly<Record<IdentityName, (name: string) => Partial<IdentityInput>>> = {
  jwt: (userId) => ({ credential: { kind: 'jwt', userId, expiresAt: 1 } }),
  http_basic: (basicUser) => ({ basicUser }),
  chromebook: (id) => chrome(id),
  lti_session: (userId) => ({ launch: { userId, context: null, role: null } }),
  local_storage: (user_tag) => ({ fields: { user_tag } }),
  hash_identify: (hash) => ({ fields: { hash } }),
  testcase_auth: (user_id) => ({ fields: { user_id } }),
  guest: (id) => ({ cookies: { [GUEST_COOKIE]: id } }),
};

const anyName = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
  // Names that are one another's quoted forms.
  fc.string({ unit: fc.constantFrom('%', '2', '0', 'B', '+', ' ', '-', '@', ',', ':', 'é'), maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 }),
);

describe('the keys of learners', () => {
  test('no two learners share one, whatever their method and name; and each tells who it is', () => {
    const person = fc.tuple(fc.constantFrom(...IDENTITY_NAMES), anyName);
    fc.assert(
      fc.property(person, person, (one, other) => {
        const [a, b] = [one, other].map(([method, name]) => who(NAMED[method](name), { methods: [method] }));
        for (const auth of [a, b]) {
          if (!auth) continue;
          const { safe_user_id: key, user_id: id, providence } = auth;
          expect(key).toMatch(/^[A-Za-z0-9_.~@%+-]+$/);
          const own = providence === 'gcu' ? key : key.slice(providence.length + 1);
          expect(decodeURIComponent(own.replaceAll('+', '%20'))).toBe(id);
        }
        const same = one[0] === other[0] && one[1] === other[1];
        if (a && b && !same) expect(a.safe_user_id).not.toBe(b.safe_user_id);
      }),
      { numRuns: 5_000, interruptAfterTimeLimit: 5_000 },
    );
  });
});
