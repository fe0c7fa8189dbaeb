import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createByteBudget } from '../../services/gateway/byte-budget.ts';
import { parseFrame } from '../../services/gateway/frame.ts';
import {
  GUEST_COOKIE,
  type Identity,
  type IdentityInput,
  type IdentityName,
  identify,
  refusalOf,
} from '../../services/gateway/identity.ts';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';
import { createSession } from '../../services/gateway/session.ts';
import { createGatewayHouse, OPEN, SOURCE, until } from './support.ts';

/** An essay needs a launch or a tag, a quiz a launch; for anything else a test's name will do. */
const BY_SOURCE: Identity = {
  ...OPEN,
  methods: ['testcase_auth'],
  sources: new Map<string, readonly IdentityName[]>([
    ['essay', ['lti_session', 'local_storage']],
    ['quiz', ['lti_session']],
  ]),
};

function start(input: Partial<IdentityInput> = {}) {
  const session = createSession({
    identify: (fields) => identify({ cookies: {}, ...input, fields }, BY_SOURCE),
    refusalOf: (auth, fields) => refusalOf(auth, fields, BY_SOURCE),
    limits: DEFAULT_LIMITS,
    backlogBudget: createByteBudget(1_000_000),
  });
  return (frame: object) => session.take(parseFrame(JSON.stringify(frame), DEFAULT_LIMITS), 1);
}

const lock = (fields: object) => ({ event: 'lock_fields', fields });
const names = { user_id: 'alice', user_tag: 'bob' };
const REFUSED = {
  error: 'source: its events need an identity by lti_session, and this sender has one by local_storage',
  remedy: 'send them in a connection or request of their own, and identify in it',
};

describe('methods by source', () => {
  test('those of the event’s source are asked, in its order, instead of the usual ones', () => {
    expect(start()({ event: 'x', source: 'essay', ...names }).identified?.user_id).toBe('ls-bob');
    expect(start()({ event: 'x', source: 'other', ...names }).identified?.user_id).toBe('testcase-alice');
    expect(start()({ event: 'x', ...names }).identified?.user_id).toBe('testcase-alice');
    expect(start()({ event: 'x', source: 'quiz', ...names }).kind).toBe('waiting');
    const launch = { userId: 'u-1', context: null, role: null };
    expect(start({ launch })({ event: 'x', source: 'essay', ...names }).identified?.user_id).toBe('u-1');
  });

  test('the source is the one after the locked fields, whatever the event itself says', () => {
    const take = start();
    take(lock({ source: 'quiz' }));
    expect(take({ event: 'x', source: 'essay', ...names }).kind).toBe('waiting');
  });

  test('an identity is not used for a source that does not take its method: the event is refused, others go on', () => {
    const take = start();
    take(lock({ source: 'essay', ...names }));
    expect(take({ event: 'x' }).identified?.user_id).toBe('ls-bob');
    take(lock({ source: 'quiz' }));
    expect(take({ event: 'y' })).toMatchObject({
      kind: 'refused',
      problem: REFUSED,
      identified: null,
      events: [],
    });
    take(lock({ source: 'other' }));
    expect(take({ event: 'z' })).toMatchObject({ kind: 'refused', events: [] });
    take(lock({ source: 'essay' }));
    expect(take({ event: 'w' }).events.map(({ auth }) => auth.user_id)).toEqual(['ls-bob']);
  });

  test('it is used where another source takes its method too', () => {
    const take = start({ launch: { userId: 'u-1', context: null, role: null } });
    take({ event: 'x', source: 'quiz' });
    expect(take({ event: 'y', source: 'essay', ...names }).events[0]?.auth.user_id).toBe('u-1');
  });

  test('what waited for an identity goes on with it only where its source takes the method', () => {
    const take = start();
    for (const source of ['quiz', 'essay', 'quiz', 'other']) take({ event: 'x', source });
    const outcome = take({ event: 'y', source: 'essay', user_tag: 'bob' });
    expect(outcome.events.map(({ ordinal }) => ordinal)).toEqual([1, 4]);
    expect(outcome.refusals.map(({ ordinal }) => ordinal)).toEqual([0, 2, 3]);
    expect(outcome.refusals[0]?.problem).toEqual(REFUSED);
    expect(outcome.problem).toBeNull();
  });

  test('a blob is refused in the same way', () => {
    const take = start();
    take({ event: 'x', source: 'essay', ...names });
    expect(take({ event: 'fetch_blob', source: 'quiz' }).problem).toEqual(REFUSED);
  });
});

describe('whatever the sources of its events', () => {
  const source = fc.constantFrom('essay', 'quiz', 'other', undefined);
  const frame = fc.record({
    event: fc.constantFrom('x', 'lock_fields', 'fetch_blob'),
    source,
    name: fc.option(fc.constantFrom('user_id', 'user_tag'), { nil: undefined }),
  });
  const traffic = fc.array(fc.tuple(fc.nat(2), frame), { maxLength: 30 });

  test('a connection is one learner, never another connection’s, and by a method that the source takes', () => {
    fc.assert(
      fc.property(traffic, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), (frames, launched) => {
        const sessions = launched.map((isLaunched, n) =>
          start({ launch: isLaunched ? { userId: `u-${n}`, context: null, role: null } : null }),
        );
        const learners = sessions.map(() => new Set<string>());
        for (const [n, { event, source: named, name }] of frames) {
          const said = { source: named, ...(name === undefined ? {} : { [name]: `u-${n}` }) };
          const { events } = sessions[n]!({ event, ...(event === 'lock_fields' ? { fields: said } : said) });
          for (const { auth, frame: sent } of events) {
            learners[n]!.add(auth.safe_user_id);
            expect(auth.user_id).toMatch(new RegExp(`u-${n}$`));
            const methods = BY_SOURCE.sources.get(String(sent.fields.source)) ?? BY_SOURCE.methods;
            const providences = { lti_session: 'lti', local_storage: 'ls', testcase_auth: 'tc' };
            const taken = methods.map((method) => providences[method as keyof typeof providences]);
            expect(taken).toContain(auth.providence);
          }
        }
        for (const learner of learners) expect(learner.size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 3_000, interruptAfterTimeLimit: 5_000 },
    );
  });
});

describe('methods by source at the gateway', () => {
  const { start: startOne, open, cleanUp } = createGatewayHouse();
  afterEach(() => cleanUp.run());
  const identity: Identity = {
    ...OPEN,
    methods: ['guest'],
    sources: new Map<string, readonly IdentityName[]>([[SOURCE, ['local_storage']]]),
  };

  test('a socket is told which frame was refused, and why', async () => {
    const { url, log } = await startOne({ identity });
    const client = await open(url);
    client.send(
      { event: 'early', source: SOURCE },
      { event: 'x' },
      { event: 'y', source: SOURCE, user_tag: 'bob' },
    );
    client.send({ event: 'z' });
    await until(() => log.written().length === 2, 'the guest’s events were written');
    expect(log.written().map(({ type }) => type)).toEqual(['x', 'z']);
    const error = 'source: its events need an identity by local_storage, and this sender has one by guest';
    expect(client.answers).toEqual([
      { status: 'auth', user_id: expect.stringMatching(/^[0-9a-f]{32}$/) },
      { status: 'error', error: `frame 1: ${error}`, remedy: REFUSED.remedy },
      { status: 'error', error: `frame 3: ${error}`, remedy: REFUSED.remedy },
    ]);
  });

  test('a request has its own result for each, and the others are kept', async () => {
    const { url, log } = await startOne({ identity });
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: `${GUEST_COOKIE}=${'0'.repeat(32)}` },
      body: JSON.stringify([
        { event: 'early', source: SOURCE },
        { event: 'x', id: 'e-1' },
        { event: 'y', source: SOURCE, user_tag: 'bob' },
      ]),
    });
    const rejected = {
      status: 'rejected',
      error: expect.stringContaining('source: its events need an identity by'),
    };
    expect(await response.json()).toEqual({
      results: [
        { index: 0, ...rejected },
        { index: 1, status: 'accepted', id: 'e-1' },
        { index: 2, ...rejected },
      ],
    });
    expect(log.written().map(({ type }) => type)).toEqual(['x']);
  });
});
