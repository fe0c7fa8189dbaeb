import { afterEach, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { parseFrame } from '../../services/gateway/frame.ts';
import type { Launch } from '../../services/gateway/identity.ts';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';
import { NOTHING_LOCKED } from '../../services/gateway/locked-fields.ts';
import { LTI_COOKIE } from '../../services/gateway/lti-session.ts';
import { createRoster } from '../../services/gateway/roster.ts';
import type { Sender } from '../../services/gateway/sender.ts';
import { createStamp } from '../../services/gateway/stamp.ts';
import { stampRules } from '../../services/gateway/stamp-rules.ts';
import { createGatewayHouse, OPEN, SOURCE, silent, until } from './support.ts';

const house = createGatewayHouse();
afterEach(() => house.cleanUp.run());

function rulesOf(rules: object) {
  return stampRules.parse(JSON.stringify(rules));
}

const sender: Sender = {
  cookies: {},
  setCookie: null,
  server: '{}',
  basicUser: null,
  launch: null,
  origin: null,
  credential: { kind: 'none' },
};
const launch: Launch = { userId: 'u', context: 'c', role: null };

const student = (id: string) => ({ id, name: 'not told' });
const CLASSES = [
  { id: 'c-one', name: 'n', teacher: 't-one', students: ['p-one', 'p-both', 'p-same', 'u-one'].map(student) },
  { id: 'c-two', name: 'n', teacher: 't-two', students: ['p-both'].map(student) },
  { id: 'c-three', name: 'n', teacher: 't-one', students: ['p-same'].map(student) },
  { id: 'c-four', name: 'n', students: ['p-four'].map(student) },
];

function stamped(
  rules: object,
  fields: object | string,
  more: {
    locked?: Record<string, unknown>;
    launch?: Launch;
    providence?: string;
    key?: string;
    user?: string;
  } = {},
) {
  const text = typeof fields === 'string' ? fields : JSON.stringify({ event: 'x', source: 's', ...fields });
  const parsed = parseFrame(text, DEFAULT_LIMITS);
  if (parsed.kind !== 'frame') throw new Error(parsed.problem.error);
  const stamp = createStamp({ rules: rulesOf(rules), roster: createRoster(CLASSES) });
  const stamps = stamp(
    {
      ordinal: 0,
      frame: parsed.frame,
      locked: { ...NOTHING_LOCKED, fields: more.locked ?? {} },
      auth: {
        sec: 'none',
        user_id: more.user ?? 'u',
        providence: more.providence ?? 'lti',
        safe_user_id: more.key ?? 'p-u',
      },
      receivedAt: 1,
    },
    { ...sender, launch: more.launch ?? null },
  );
  return Object.fromEntries([...stamps].map(([name, value]) => [name, JSON.parse(value) as unknown]));
}

describe('where class, resource and teacher come from', () => {
  test.each([
    ['an event field', ['event:course.id'], { course: { id: 'c' } }],
    ['a name with dots', ["event:course['https://x.org/id']"], { course: { 'https://x.org/id': 'c' } }],
    ['an element of a list', ['event:courses.1.id'], { courses: [{ id: 'a' }, { id: 'c' }] }],
    ['a locked field', ['locked:klass'], {}],
    ['a launch', ['launch:context'], {}],
    ['the first place that has it', ['event:none', 'event:a', 'event:b'], { a: 'c', b: 'd' }],
  ])('%s', (_name, places, fields) => {
    const more = { locked: { klass: 'c' }, launch };
    for (const field of ['class', 'resource', 'teacher'])
      expect(stamped({ s: { [field]: places } }, fields, more)).toEqual({ [field]: 'c' });
  });

  test('without configuration locked fields give them, and an event’s own do not', () => {
    const locked = { class: 'c', resource: 'r', teacher: 't' };
    expect(stamped({}, { class: 'x' }, { locked })).toEqual(locked);
    expect(stamped({}, { class: 'x', resource: 'y', teacher: 'z' })).toEqual({});
  });

  test('a source’s rules replace those of all others, field by field; an empty list is never', () => {
    const locked = { class: 'c', resource: 'r', teacher: 't' };
    const rules = { '*': { class: ['event:k'], teacher: [] }, s: { resource: ['event:r'] } };
    expect(stamped(rules, { k: 'k', r: 'mine' }, { locked })).toEqual({ class: 'k', resource: 'mine' });
    expect(stamped(rules, { k: 'k', source: 'other' }, { locked })).toEqual({ class: 'k', resource: 'r' });
  });

  test('a launch that says nothing of it, that there is none of, or that is of another sender, gives nothing', () => {
    const rules = { s: { class: ['launch:context'], teacher: ['launch:teacher'] } };
    expect(stamped(rules, {}, { launch })).toEqual({ class: 'c' });
    expect(stamped(rules, {})).toEqual({});
    // The cookie of one learner goes along when another names themselves in the same browser.
    expect(stamped(rules, {}, { launch, providence: 'ls' })).toEqual({});
  });

  const ASKING = { s: { class: ['event:k', 'roster'], teacher: ['roster'] } };
  test.each<[string, { key?: string; user?: string }, object, object]>([
    ['one class', { key: 'p-one' }, {}, { class: 'c-one', teacher: 't-one' }],
    ['one class by the user id', { user: 'u-one' }, {}, { class: 'c-one', teacher: 't-one' }],
    ['no class', { key: 'p-nobody' }, {}, {}],
    ['a class without a teacher', { key: 'p-four' }, {}, { class: 'c-four' }],
    ['several classes', { key: 'p-both' }, {}, {}],
    ['several classes of one teacher', { key: 'p-same' }, {}, { teacher: 't-one' }],
    [
      'several, one of which an earlier place says',
      { key: 'p-both' },
      { k: 'c-two' },
      { class: 'c-two', teacher: 't-two' },
    ],
    [
      'one, where an earlier place says another',
      { key: 'p-one' },
      { k: 'c-two' },
      { class: 'c-two', teacher: 't-one' },
    ],
    ['the key of another’s user id', { key: 'p-four', user: 'p-one' }, {}, { class: 'c-four' }],
  ])('the roster: of a learner with %s', (_name, learner, fields, expected) => {
    expect(stamped(ASKING, fields, learner)).toEqual(expected);
  });

  test.each([
    ['text', '"7"', '7'],
    ['a whole number', '7', '7'],
    ['a number that JSON.parse changes', '9007199254740993', undefined],
    ['a fraction', '1.5', undefined],
    ['nothing', '""', undefined],
    ['null', 'null', undefined],
    ['an object', '{"a":1}', undefined],
    ['a list', '["a"]', undefined],
    ['a lone surrogate', '"a\\ud800"', undefined],
    ['1,000 characters', JSON.stringify('x'.repeat(1_000)), 'x'.repeat(1_000)],
    ['more', JSON.stringify('x'.repeat(1_001)), undefined],
  ])('of values text is taken that can be a key: %s', (_name, value, expected) => {
    const found = stamped({ s: { class: ['event:c'] } }, `{"event":"x","source":"s","c":${value}}`);
    expect(found.class).toBe(expected);
  });

  test('what objects inherit is no field', () => {
    for (const path of ['toString', 'toString.name', 'a.length', 'constructor.name'])
      expect(stamped({ s: { class: [`event:${path}`] } }, { a: 'text' })).toEqual({});
    const locked = Object.create({ klass: 'inherited' }) as Record<string, unknown>;
    expect(stamped({ s: { class: ['locked:klass'] } }, {}, { locked })).toEqual({});
  });
});

describe('the metadata of an event', () => {
  test('has what was stamped, and nothing that a client put there under the same names', async () => {
    const { url, log } = await house.start({
      more: { stampRules: rulesOf({ [SOURCE]: { class: ['event:course_id'], teacher: [] } }) },
    });
    const client = await house.open(url);
    client.send({
      event: 'lock_fields',
      fields: {
        source: SOURCE,
        user_id: 'bob',
        class: 'mine',
        teacher: 'me',
        resource: { not: 'text' },
        room: 7,
      },
    });
    client.send({ event: 'a', course_id: 'c-1' }, { event: 'b', metadata: { class: 'mine' }, class: 'mine' });
    await until(() => log.written().length === 2, 'both were written');
    const metadata = log.written().map(({ metadataFields: { auth: _auth, ...rest } }) => rest);
    const locked = { source: SOURCE, user_id: 'bob', room: 7 };
    expect(metadata).toEqual([{ ...locked, class: 'c-1' }, locked]);
    // The client's own part is as it was sent.
    expect(log.written()[0]!.clientFields).toMatchObject({ class: 'mine', teacher: 'me', course_id: 'c-1' });
  });

  test('has what the launch of its sender said, where the rules look there', async () => {
    const secret = 'a secret that has more than thirty-two bytes';
    const claims = { sub: 'u-1', context: 'class-7', exp: Math.floor(Date.now() / 1_000) + 60 };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(secret));
    const { url, log } = await house.start({
      identity: { ...OPEN, methods: ['lti_session'] },
      ltiSecret: secret,
      more: { stampRules: rulesOf({ [SOURCE]: { class: ['launch:context'] } }) },
    });
    const client = await house.open(url, { cookie: `${LTI_COOKIE}=${token}` });
    client.send({ event: 'a', source: SOURCE });
    await until(() => log.written().length === 1, 'it was written');
    expect(log.written()[0]!.metadataFields.class).toBe('class-7');
  });

  test('rules for a source that there is none of are told at the start', async () => {
    const warned: unknown[] = [];
    const logger = Object.assign(Object.create(silent) as typeof silent, {
      warn: (what: unknown) => void warned.push(what),
    });
    const sources = [SOURCE, 'xapi', 'caliper'];
    await house.start({ more: { sources, logger, stampRules: rulesOf({ [SOURCE]: {}, '*': {} }) } });
    expect(warned).toEqual([]);
    await house.start({ more: { sources, logger, stampRules: rulesOf({ 'org.mitros.tset': {} }) } });
    expect(warned).toEqual([{ sources: ['org.mitros.tset'] }]);
  });

  test('of a request comes from the same rules', async () => {
    const { url, log } = await house.start();
    const body = [
      { event: 'lock_fields', fields: { source: SOURCE, user_id: 'bob', class: 'c' } },
      { event: 'a' },
    ];
    await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(log.written()[0]!.metadataFields.class).toBe('c');
  });
});
