import { describe, expect, test } from '@jest/globals';
import { GUEST_COOKIE, type Identity, identify, safeUserId } from '../../services/gateway/identity.ts';
import { OPEN } from './support.ts';

const guestId = '0123456789abcdef0123456789abcdef';
const cookies = { [GUEST_COOKIE]: guestId };

function who(fields: Record<string, unknown>, identity: Partial<Identity> = {}) {
  const found = identify({ fields, cookies }, { ...OPEN, ...identity });
  if (found !== null && 'error' in found) throw new Error(found.error);
  return found;
}

describe('who sent a frame', () => {
  test.each([
    ['ls', 'ls-bob', 'ls-ls-bob'],
    ['tc', 'testcase-a b', 'tc-testcase-a+b'],
    ['ls', 'ls-a@b.org', 'ls-ls-a@b.org'],
    ['ls', 'ls-a/b?c', 'ls-ls-a%2Fb%3Fc'],
    ['ls', "ls-!'()*~_.-", 'ls-ls-%21%27%28%29%2A~_.-'],
    ['ls', 'ls-é+%', 'ls-ls-%C3%A9%2B%25'],
  ])('%s and %s make the key %s', (providence, userId, expected) => {
    expect(safeUserId(providence, userId)).toBe(expected);
  });

  test('local_storage names a user by the tag', () => {
    expect(who({ user_tag: 'bob' })).toEqual({
      sec: 'unauthenticated',
      user_id: 'ls-bob',
      providence: 'ls',
      safe_user_id: 'ls-ls-bob',
    });
  });

  test('who is on the allow-list is authenticated; others are guests or refused', () => {
    const localStorageUsers = new Set(['ls-bob']);
    const methods = ['local_storage'] as const;
    expect(who({ user_tag: 'bob' }, { localStorageUsers, guests: false, methods })?.sec).toBe(
      'authenticated',
    );
    expect(who({ user_tag: 'eve' }, { localStorageUsers, guests: true, methods })?.sec).toBe(
      'unauthenticated',
    );
    const strict = { localStorageUsers, guests: false };
    const notListed = 'user_tag: this user is not on the list';
    expect(() => who({ user_tag: 'eve' }, { ...strict, methods })).toThrow(notListed);
    // Who is refused is nobody else either, unless it proves to be.
    for (const other of ['guest', 'testcase_auth', 'hash_identify'] as const)
      expect(() =>
        who({ user_tag: 'eve', user_id: 'eve', hash: 'e' }, { ...strict, methods: [...methods, other] }),
      ).toThrow(notListed);
    expect(who({}, { ...strict, methods: [...methods, 'guest'] })?.sec).toBe('none');
    const launch = { userId: 'eve', context: null, role: null };
    const proven = { ...OPEN, ...strict, methods: [...methods, 'lti_session'] } as const;
    expect(identify({ fields: { user_tag: 'eve' }, cookies, launch }, proven)).toMatchObject({
      safe_user_id: 'lti-eve',
    });
  });

  test('testcase_auth and guest', () => {
    expect(who({ user_id: 'alice' })).toEqual({
      sec: 'unauthenticated',
      user_id: 'testcase-alice',
      providence: 'tc',
      safe_user_id: 'tc-testcase-alice',
    });
    expect(who({})).toEqual({
      sec: 'none',
      user_id: guestId,
      providence: 'guest',
      safe_user_id: `guest-${guestId}`,
    });
  });

  test('the configured order decides', () => {
    const fields = { user_tag: 'bob', user_id: 'alice' };
    expect(who(fields)?.user_id).toBe('ls-bob');
    expect(who(fields, { methods: ['testcase_auth', 'local_storage'] })?.user_id).toBe('testcase-alice');
    expect(who(fields, { methods: ['guest', 'local_storage'] })?.providence).toBe('guest');
  });

  test.each([[7], [''], [null], [{}], ['\ud800'], ['a'.repeat(201)]])('%j names nobody', (name) => {
    const methods = ['local_storage', 'testcase_auth'] as const;
    expect(who({ user_tag: name, user_id: name }, { methods })).toBeNull();
  });

  test('a cookie that is not 32 hex digits names nobody', () => {
    expect(identify({ fields: {}, cookies: { [GUEST_COOKIE]: '../etc' } }, OPEN)).toBeNull();
  });
});
