import { describe, expect, test } from '@jest/globals';
import { gatewayShape } from '../../services/gateway/config.ts';
import { stampRules } from '../../services/gateway/stamp-rules.ts';

describe('LECTERN_STAMP', () => {
  test.each([
    ['no JSON', '{', /^: must be a JSON object with a source/],
    ['no object', '[]', /^: must be a JSON object with a source/],
    ['another field', '{"s":{"student":[]}}', /^s: may have class, resource and teacher/],
    ['no list', '{"s":{"class":"event:a"}}', /^s\.class: must be a list of places/],
    ['no text', '{"s":{"class":[7]}}', /^s\.class\.0: must be event:<path>/],
    ['an unknown place', '{"s":{"class":["event:a","moon:b"]}}', /^s\.class\.1: must be event:<path>/],
    ['no path', '{"s":{"class":["event:"]}}', /^s\.class\.0: must be event:<path>/],
    ['a path with a gap', '{"s":{"class":["event:a..b"]}}', /^s\.class\.0: must be event:<path>/],
    ['a path that begins with a dot', '{"s":{"class":["event:.b"]}}', /^s\.class\.0: must be event:<path>/],
    ['an open bracket', `{"s":{"class":["event:a['b"]}}`, /^s\.class\.0: must be event:<path>/],
    ['a name after a bracket', `{"s":{"class":["event:['b']c"]}}`, /^s\.class\.0: must be event:<path>/],
    [
      'a path in the roster',
      '{"s":{"teacher":["roster:a"]}}',
      /^s\.teacher\.0: must be .* roster, or context/,
    ],
    [
      'a resource of the roster',
      '{"xapi":{"resource":["roster"]}}',
      /^xapi\.resource: roster knows classes and/,
    ],
    ['too many', `{"s":{"class":[${'"event:a",'.repeat(8)}"event:a"]}}`, /^s\.class: may name at most 8/],
    ['no source', '{"a b":{}}', /^a b: is no name of a source/],
    ['context of any source', '{"s":{"class":["context"]}}', /^s\.class: context is for xapi and caliper/],
    ['context of all sources', '{"*":{"class":["context"]}}', /^\*\.class: context is for xapi and caliper/],
  ])('refuses %s, naming the place', (_name, text, message) => {
    const result = gatewayShape.LECTERN_STAMP.safeParse(text);
    const issues = result.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    expect(issues).toEqual([expect.stringMatching(message)]);
  });

  test('reports all problems at once', () => {
    const result = stampRules.safeParse('{"a":{"class":["x"]},"b":{"teacher":["y","z"]}}');
    expect(result.error?.issues.map(({ path }) => path.join('.'))).toEqual([
      'a.class.0',
      'b.teacher.0',
      'b.teacher.1',
    ]);
  });
});
