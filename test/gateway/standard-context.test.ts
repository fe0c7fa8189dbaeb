import { afterEach, describe, expect, test } from '@jest/globals';
import { stampRules } from '../../services/gateway/stamp-rules.ts';
import { safeActorId } from '../../services/gateway/xapi-actor.ts';
import {
  ACTIVITY,
  ALICE,
  caliperEvent,
  createStandardHouse,
  envelope,
  PERSON,
  statement,
} from './standard-support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const account = { homePage: 'https://school.example', name: '7' };
const course = {
  id: 'https://school.example/courses/1',
  definition: { type: 'http://adlnet.gov/expapi/activities/course' },
};
const moodle = {
  id: 'https://m.example',
  definition: { type: 'http://id.tincanapi.com/activitytype/lms/course' },
};
const other = { id: 'https://school.example/other' };

describe('an actor’s id', () => {
  const actors = [
    { mbox: 'mailto:a@b.org' },
    { mbox: 'mailto:A@b.org' },
    { mbox_sha1sum: 'a'.repeat(40) },
    { openid: 'https://a.example' },
    { account: { homePage: 'https://a.example', name: 'b' } },
    { account: { homePage: 'https://a.example","', name: 'b' } },
    { account: { homePage: 'https://a.example', name: '","b' } },
    { objectType: 'Group', member: [{ openid: 'https://a.example' }] },
    { objectType: 'Group', member: [{ openid: 'https://a.example' }, { openid: 'https://b.example' }] },
  ];

  test('is another one for every identifier, and the same for the same', () => {
    const ids = actors.map(safeActorId);
    expect(new Set(ids).size).toBe(actors.length);
    expect(actors.map(safeActorId)).toEqual(ids);
    expect(safeActorId({ name: 'Alice', objectType: 'Agent', mbox: 'mailto:a@b.org' })).toBe(ids[0]);
    expect(safeActorId({ mbox_sha1sum: 'A'.repeat(40) })).toBe(ids[2]);
  });

  test('is safe in keys and paths, and gives nothing away', () => {
    for (const actor of actors)
      expect(safeActorId(actor)).toMatch(/^xapi-(?:mbox|mbox_sha1sum|openid|account|group)-[0-9a-f]{64}$/);
  });

  test('of a group without identifier does not depend on the order of its members', () => {
    const member = [{ openid: 'https://a.example' }, { openid: 'https://b.example' }];
    expect(safeActorId({ member })).toBe(safeActorId({ member: member.toReversed() }));
  });

  test('is none for half a character, or nothing', () => {
    expect(safeActorId({ openid: 'https://\ud800' })).toBeNull();
    expect(safeActorId({ member: [{ openid: 'https://\ud800' }] })).toBeNull();
    expect(safeActorId({})).toBeNull();
    expect(safeActorId(null)).toBeNull();
  });
});

describe('what is stamped on a statement', () => {
  test.each<[string, object, object]>([
    ['its activity', {}, { resource: ACTIVITY }],
    [
      'no resource for a reference',
      { object: { objectType: 'StatementRef', id: '7ccd3322-e1a5-411a-a67d-6a735c76f119' } },
      {},
    ],
    [
      'a course among the groupings',
      { context: { contextActivities: { grouping: [other, course], parent: [moodle] } } },
      { class: course.id, resource: ACTIVITY },
    ],
    [
      'a course that stands alone',
      { context: { contextActivities: { grouping: course } } },
      { class: course.id, resource: ACTIVITY },
    ],
    [
      'a course among the parents',
      { context: { contextActivities: { grouping: [other], parent: [course] } } },
      { class: course.id, resource: ACTIVITY },
    ],
    [
      'an identified team',
      { context: { team: { objectType: 'Group', account } } },
      { class: safeActorId({ account }), resource: ACTIVITY },
    ],
    [
      'a course rather than a team',
      { context: { contextActivities: { parent: [course] }, team: { objectType: 'Group', account } } },
      { class: course.id, resource: ACTIVITY },
    ],
    [
      'no team without identifier',
      { context: { team: { objectType: 'Group', member: [ALICE] } } },
      { resource: ACTIVITY },
    ],
    [
      'the instructor',
      { context: { instructor: ALICE } },
      { teacher: safeActorId(ALICE), resource: ACTIVITY },
    ],
  ])('%s', async (_name, more, expected) => {
    const { post, log } = await start();
    expect((await post(statement(more))).status).toBe(200);
    const { auth: _auth, ...stamps } = log.written()[0]!.metadataFields;
    expect(stamps).toEqual(expected);
  });

  test('can come from elsewhere', async () => {
    const rules = {
      xapi: {
        class: ["event:statement.context.extensions['https://x.example/class']", 'context'],
        resource: [],
      },
    };
    const { post, log } = await start({ more: { stampRules: stampRules.parse(JSON.stringify(rules)) } });
    const contextActivities = { parent: [course] };
    await post(
      statement({ context: { contextActivities, extensions: { 'https://x.example/class': 'c-7' } } }),
    );
    await post(statement({ context: { contextActivities } }));
    expect(log.written().map(({ metadataFields }) => metadataFields.class)).toEqual(['c-7', course.id]);
    expect(log.written()[0]!.metadataFields.resource).toBeUndefined();
  });
});

describe('what is stamped on a Caliper event', () => {
  const membership = {
    id: 'm',
    type: 'Membership',
    organization: 'https://school.example/o',
    roles: ['Learner'],
  };
  test.each<[string, object, object]>([
    ['its object', {}, { resource: 'https://school.example/pages/2' }],
    ['an object as IRI', { object: 'https://school.example/p' }, { resource: 'https://school.example/p' }],
    [
      'its group',
      { group: { id: 'https://school.example/s/1', type: 'CourseSection' }, membership },
      { class: 'https://school.example/s/1' },
    ],
    ['a group as IRI', { group: 'https://school.example/s/1' }, { class: 'https://school.example/s/1' }],
    ['the organization of the membership', { membership }, { class: 'https://school.example/o' }],
    [
      'an instructor',
      { membership: { ...membership, roles: ['Instructor'] } },
      { teacher: expect.stringMatching(/^caliper-agent-[0-9a-f]{64}$/) },
    ],
    [
      'an instructor by the IRI of LIS',
      {
        membership: {
          ...membership,
          roles: ['http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor'],
        },
      },
      { teacher: expect.any(String) },
    ],
  ])('%s', async (_name, more, expected) => {
    const { caliper, log } = await start();
    expect((await caliper(envelope([caliperEvent(more)]))).status).toBe(200);
    const [event] = log.written();
    expect(event!.metadataFields).toMatchObject(expected);
    if ('teacher' in expected) expect(event!.metadataFields.teacher).toBe(event!.key);
    else expect(event!.metadataFields.teacher).toBeUndefined();
    expect(event!.key).not.toContain(PERSON);
  });
});
