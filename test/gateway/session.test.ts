import { describe, expect, test } from '@jest/globals';
import { createByteBudget } from '../../services/gateway/byte-budget.ts';
import { parseFrame } from '../../services/gateway/frame.ts';
import { type Identity, identify, refusalOf } from '../../services/gateway/identity.ts';
import { DEFAULT_LIMITS, type GatewayLimits } from '../../services/gateway/limits.ts';
import { createSession } from '../../services/gateway/session.ts';
import { OPEN, TESTCASE_ONLY } from './support.ts';

interface Options {
  readonly identity?: Identity;
  readonly limits?: Partial<GatewayLimits>;
  readonly backlogBytes?: number;
}

function start({ identity = OPEN, limits = {}, backlogBytes = 1_000_000 }: Options = {}) {
  const backlogBudget = createByteBudget(backlogBytes);
  const session = createSession({
    identify: (fields) => identify({ fields, cookies: {} }, identity),
    refusalOf: (auth, fields) => refusalOf(auth, fields, identity),
    limits: { ...DEFAULT_LIMITS, ...limits },
    backlogBudget,
  });
  const take = (frame: object) => session.take(parseFrame(JSON.stringify(frame), DEFAULT_LIMITS), 1_000_000);
  return { take, session, backlogBudget };
}

const lock = (fields: object) => ({ event: 'lock_fields', fields });

describe('a session', () => {
  test('locked fields are written over those of later events, the last lock counting', () => {
    const { take } = start();
    take(lock({ source: 'a', user_id: 'alice', n: 1 }));
    take(lock({ n: 2 }));
    const [event] = take({ event: 'x', n: 3, user_id: 'eve', own: true }).events;
    expect(event?.frame.fields).toEqual({ event: 'x', source: 'a', user_id: 'alice', n: 2, own: true });
    expect(event?.auth.user_id).toBe('testcase-alice');
    expect(Object.fromEntries(event!.locked.members)).toEqual({ source: '"a"', user_id: '"alice"', n: '2' });
  });

  test('a lock that names the locked source again changes nothing; another source does', () => {
    const { take } = start();
    take(lock({ source: 'a', user_id: 'alice', n: 1 }));
    take(lock({ source: 'a', n: 2 }));
    expect(take({ event: 'x' }).events[0]?.frame.fields.n).toBe(1);
    take(lock({ source: 'b', n: 3 }));
    expect(take({ event: 'x' }).events[0]?.frame.fields).toMatchObject({ source: 'b', n: 3 });
  });

  test('a lock identifies nobody by itself and is not an event', () => {
    const { take } = start();
    expect(take(lock({ user_id: 'alice' }))).toEqual({
      kind: 'locked',
      problem: null,
      identified: null,
      events: [],
      refusals: [],
    });
    expect(take({ event: 'x' }).identified?.user_id).toBe('testcase-alice');
  });

  test('the frame that identifies brings the backlog with it, in order and with the fields of its time', () => {
    const { take } = start({ identity: TESTCASE_ONLY });
    expect(take({ event: 'one' }).kind).toBe('waiting');
    take(lock({ n: 1 }));
    expect(take({ event: 'two' }).kind).toBe('waiting');
    const delivered = take({ event: 'three', user_id: 'alice' });
    expect(delivered.identified?.user_id).toBe('testcase-alice');
    expect(delivered.events.map(({ frame, ordinal }) => [frame.event, ordinal, frame.fields.n])).toEqual([
      ['one', 0, undefined],
      ['two', 2, 1],
      ['three', 3, 1],
    ]);
    expect(new Set(delivered.events.map((event) => event.auth.user_id))).toEqual(new Set(['testcase-alice']));
  });

  test('an identity stays: a later frame cannot become somebody else', () => {
    const { take } = start();
    expect(take({ event: 'x', user_id: 'alice' }).identified?.user_id).toBe('testcase-alice');
    const later = take({ event: 'x', user_id: 'bob' });
    expect(later.identified).toBeNull();
    expect(later.events[0]?.auth.user_id).toBe('testcase-alice');
  });

  test('a client cannot bring its own auth, neither in an event nor locked', () => {
    const { take } = start();
    take(lock({ auth: { user_id: 'teacher' }, user_id: 'alice' }));
    const [event] = take({ event: 'x', auth: { user_id: 'teacher' } }).events;
    expect(event?.frame.fields).not.toHaveProperty('auth');
    expect(event?.frame.members.has('auth')).toBe(false);
    expect(event?.locked.members.has('auth')).toBe(false);
  });

  test('nothing comes after a terminate', () => {
    const { take } = start();
    expect(take({ event: 'terminate' }).kind).toBe('ended');
    expect(take({ event: 'x', user_id: 'alice' })).toMatchObject({ kind: 'refused', events: [] });
  });

  test('the backlog is bounded by frames, and by the bytes of all connections', () => {
    const few = start({ identity: TESTCASE_ONLY, limits: { backlogFrames: 2 } });
    expect([1, 2, 3].map(() => few.take({ event: 'x' }).kind)).toEqual(['waiting', 'waiting', 'refused']);
    expect(few.take({ event: 'y', user_id: 'alice' }).events).toHaveLength(3);
    const small = start({ identity: TESTCASE_ONLY, backlogBytes: 30 });
    expect([1, 2].map(() => small.take({ event: 'x' }).kind)).toEqual(['waiting', 'refused']);
    expect(small.session.end()).toBe(1);
    expect(small.backlogBudget.take(30)).toBe(true);
  });

  test.each([
    ['fields that are no object', lock([1]), 'fields: must be a JSON object'],
    ['no fields', { event: 'lock_fields' }, 'fields: must be a JSON object'],
    ['a locked source that is no string', lock({ source: 1 }), 'fields.source: must be a string'],
    ['a locked event', lock({ event: 'x' }), 'fields.event: cannot be locked'],
    ['a locked id', lock({ id: 'a' }), 'fields.id: cannot be locked'],
    ['a locked sequence', lock({ sequence: 1 }), 'fields.sequence: cannot be locked'],
    ['a source that is no string', { event: 'x', source: [] }, 'source: must be a string'],
    ['too much locked', lock({ a: 'x'.repeat(20_000) }), 'at most 16384 bytes'],
    ['a save without a blob', { event: 'save_blob', user_id: 'a' }, 'blob: must be there'],
  ])('refuses and goes on: %s', (_name, frame, error) => {
    const { take } = start();
    expect(take(frame)).toMatchObject({
      kind: 'refused',
      problem: { error: expect.stringContaining(error) },
    });
    expect(take({ event: 'x', user_id: 'a' }).kind).toBe('delivered');
  });

  test('refuses who may not send, keeps nothing of it, and goes on with who may', () => {
    const identity = {
      ...OPEN,
      methods: ['local_storage', 'guest'] as const,
      localStorageUsers: new Set(['ls-bob']),
      guests: false,
    };
    const { take, session } = start({ identity });
    const notListed = { kind: 'refused', problem: { error: expect.stringContaining('not on the list') } };
    expect(take({ event: 'x', user_tag: 'eve' })).toMatchObject(notListed);
    expect(take(lock({ user_tag: 'eve' })).kind).toBe('locked');
    expect(take({ event: 'x' })).toMatchObject(notListed);
    take(lock({ user_tag: 'bob' }));
    const delivered = take({ event: 'x' });
    expect(delivered.events.map(({ auth }) => auth.user_id)).toEqual(['ls-bob']);
    expect(session.end()).toBe(0);
  });

  test('many small locks do not add up past the limit', () => {
    const { take } = start({ limits: { lockedBytes: 100 } });
    const kinds = Array.from({ length: 20 }, (_, n) => take(lock({ [`field${n}`]: n })).kind);
    expect(kinds.slice(0, 3)).toEqual(['locked', 'locked', 'locked']);
    expect(kinds.slice(-3)).toEqual(['refused', 'refused', 'refused']);
  });

  test('blob frames wait for an identity like any other, and bring the backlog', () => {
    const { take } = start({ identity: TESTCASE_ONLY });
    expect(take({ event: 'save_blob', blob: 1 }).kind).toBe('waiting');
    expect(take({ event: 'fetch_blob' }).kind).toBe('waiting');
    const blob = take({ event: 'fetch_blob', user_id: 'alice' });
    expect(blob.identified?.user_id).toBe('testcase-alice');
    expect(blob.events.map(({ frame }) => frame.event)).toEqual(['save_blob', 'fetch_blob', 'fetch_blob']);
  });
});
