import { describe, expect, test } from '@jest/globals';
import { statementFault } from '../../services/gateway/xapi-fault.ts';
import { ALICE, ID, statement } from './standard-support.ts';

const account = { homePage: 'https://school.example', name: '7' };
const group = { objectType: 'Group', member: [ALICE] };
const sub = { ...statement(), objectType: 'SubStatement' };
const attachment = {
  usageType: 'http://x.example/u',
  display: { en: 'x' },
  contentType: 'text/plain',
  length: 3,
  sha2: 'abc',
};
const activity = { id: 'http://x.example/a' };
const choice = { interactionType: 'choice', choices: [{ id: 'a', description: { en: 'A' } }] };

describe('a valid statement', () => {
  test.each<[string, object]>([
    ['of an agent', {}],
    ['of an agent by the hash of its address', { actor: { mbox_sha1sum: 'a'.repeat(40) } }],
    ['of an agent by its openid', { actor: { openid: 'https://id.example/a' } }],
    ['of an agent by its account', { actor: { account, name: 'Alice', objectType: 'Agent' } }],
    ['of a group of members', { actor: group }],
    ['of an identified group', { actor: { objectType: 'Group', account } }],
    [
      'with a display',
      { verb: { id: 'http://x.example/v', display: { 'en-US': 'did', 'zh-Hans-CN': 'x' } } },
    ],
    ['about an agent', { object: { objectType: 'Agent', account } }],
    ['about a group', { object: group }],
    ['about a statement', { object: { objectType: 'StatementRef', id: ID } }],
    ['with a statement in it', { object: sub }],
    ['about an interaction', { object: { ...activity, definition: choice } }],
    ['with a score', { result: { score: { scaled: -0.5, raw: 3, min: 0, max: 9 }, success: true } }],
    ['with a duration', { result: { duration: 'P1Y2M3DT4H5M6.789S', completion: false, response: '' } }],
    ['with extensions of anything', { result: { extensions: { 'http://x.example/e': { a: [null, {}] } } } }],
    ['with a registration', { context: { registration: ID, language: 'de', platform: 'p', revision: '2' } }],
    ['with lists of activities', { context: { contextActivities: { parent: [activity], other: [] } } }],
    ['with an activity that stands alone', { context: { contextActivities: { grouping: activity } } }],
    [
      'with one in its sub-statement',
      { object: { ...sub, context: { contextActivities: { category: activity } } } },
    ],
    ['with team and instructor', { context: { team: group, instructor: ALICE } }],
    ['with a reference', { context: { statement: { objectType: 'StatementRef', id: ID } } }],
    ['with times', { timestamp: '2026-01-31T12:30:00.123+01:00', stored: '2026-01-31T12:30:00Z' }],
    ['with a version', { version: '1.0.3' }],
    ['with an authority', { authority: ALICE }],
    [
      'that voids another',
      {
        verb: { id: 'http://adlnet.gov/expapi/verbs/voided' },
        object: { objectType: 'StatementRef', id: ID },
      },
    ],
    [
      'with an attachment that is elsewhere',
      { attachments: [{ ...attachment, fileUrl: 'http://x.example/f' }] },
    ],
  ])('%s', (_name, more) => {
    expect(statementFault(statement(more))).toBeNull();
  });
});

describe('a statement that is refused', () => {
  test.each<[string, object, RegExp]>([
    ['without an actor', { actor: undefined }, /^\.actor: must be there/],
    ['without a verb', { verb: undefined }, /^\.verb: must be there/],
    ['without an object', { object: undefined }, /^\.object: must be there/],
    ['with null', { result: null }, /^\.result: must be of type Object/],
    [
      'with null further down',
      { context: { platform: null } },
      /^\.context\.platform: must be of type String/,
    ],
    ['with a property that there is none of', { foo: 1 }, /^: has names that xAPI does not know: foo/],
    ['with a property in another case', { Result: {} }, /^: has names that xAPI does not know: Result/],
    ['with an id that is no UUID', { id: '7' }, /^\.id: /],
    ['with an id in braces', { id: `{${ID}}` }, /^\.id: must be a UUID/],
    ['of an agent without identifier', { actor: { name: 'A' } }, /^\.actor: must have one of mbox/],
    ['of an agent with two', { actor: { ...ALICE, account } }, /^\.actor: must have one of mbox/],
    ['with an address that is no mailto', { actor: { mbox: 'a@b.org' } }, /^\.actor\.mbox: /],
    [
      'with an account without home',
      { actor: { account: { name: 'a' } } },
      /^\.actor\.account\.homePage: must be there/,
    ],
    [
      'with a home that is no IRI',
      { actor: { account: { ...account, homePage: 'home' } } },
      /homePage: must be/,
    ],
    ['of half a character', { actor: { openid: 'https://\ud800' } }, /^\.actor: .*surrogate/],
    ['of an empty group', { actor: { objectType: 'Group', member: [] } }, /^\.actor: a group without/],
    [
      'of a group in a group',
      { actor: { objectType: 'Group', member: [group] } },
      /^\.actor\.member\.0: a group/,
    ],
    [
      'with such a team',
      { context: { team: { ...group, member: [ALICE, group] } } },
      /^\.context\.team\.member\.1: /,
    ],
    [
      'with such a sub-statement',
      { object: { ...sub, actor: { ...group, member: [group] } } },
      /^\.object\.actor\.member\.0/,
    ],
    [
      'with a verb that is no IRI',
      { verb: { id: 'did' } },
      /^\.verb\.id: must be, or be named by, a valid Inter/,
    ],
    [
      'with a language that is none',
      { verb: { id: 'http://x.example/v', display: { e: 'x' } } },
      /^\.verb\.display: .*Language/,
    ],
    ['with an activity without id', { object: {} }, /^\.object\.id: must be there/],
    [
      'with an unknown objectType',
      { object: { objectType: 'activity', ...activity } },
      /^\.object: its objectType/,
    ],
    [
      'with a sub-statement in a sub-statement',
      { object: { ...sub, object: sub } },
      /^\.object: a sub-statement cannot/,
    ],
    ['with an id of its sub-statement', { object: { ...sub, id: ID } }, /^\.object: has names .*: id/],
    ['with a score beyond 1', { result: { score: { scaled: 1.1 } } }, /^\.result\.score\.scaled: .*Scaled/],
    [
      'with a score below the least',
      { result: { score: { raw: 1, min: 2 } } },
      /^\.result\.score: raw must not be less/,
    ],
    [
      'with a number as text',
      { result: { score: { raw: '1' } } },
      /^\.result\.score\.raw: must be of type Number/,
    ],
    [
      'with a boolean as text',
      { result: { success: 'true' } },
      /^\.result\.success: must be of type Boolean/,
    ],
    ['with a duration that is none', { result: { duration: '1 h' } }, /^\.result\.duration: .*Duration/],
    ['with an extension without IRI', { result: { extensions: { a: 1 } } }, /^\.result\.extensions: .*IRI/],
    ['with a registration that is no UUID', { context: { registration: '1' } }, /^\.context\.registration: /],
    [
      'with a platform, about an agent',
      { object: { objectType: 'Agent', account }, context: { platform: 'p' } },
      /context\.revision and context\.platform/,
    ],
    [
      'with activities of another kind',
      { context: { contextActivities: { x: [] } } },
      /contextActivities: has names/,
    ],
    ['with a time without zone', { timestamp: '2026-01-31T12:30:00' }, /^\.timestamp: .*Timestamp/],
    ['with another version', { version: '2.0.0' }, /^\.version: .*Version/],
    [
      'that voids what is no statement',
      { verb: { id: 'http://adlnet.gov/expapi/verbs/voided' } },
      /voids another/,
    ],
    [
      'with an attachment of its own',
      { attachments: [attachment] },
      /^\.attachments\.0\.fileUrl: must be there/,
    ],
    [
      'with one in its sub-statement',
      { object: { ...sub, attachments: [attachment] } },
      /^\.object\.attachments\.0\.fileUrl/,
    ],
    [
      'with choices without a type',
      { object: { ...activity, definition: { choices: [] } } },
      /^\.object\.definition: has components/,
    ],
  ])('%s', (_name, more, fault) => {
    expect(statementFault(JSON.parse(JSON.stringify(statement(more))))).toMatch(fault);
  });

  test.each([
    'toString',
    'valueOf',
    'hasOwnProperty',
    '__proto__',
    'constructor',
    '__defineGetter__',
    'isPrototypeOf',
    ['Agent'],
    { toString: 1 },
    null,
    0,
    '',
    false,
  ])('with the objectType %j', (objectType) => {
    expect(statementFault(statement({ object: { ...activity, objectType } }))).not.toBeNull();
    expect(statementFault(statement({ actor: { ...ALICE, objectType } }))).not.toBeNull();
  });

  test.each([null, 7, 'x', [], [statement()]])('%j', (value) => {
    expect(statementFault(value)).toBe(': must be a JSON object');
  });
});
