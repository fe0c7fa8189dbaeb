import { expect, test } from '@jest/globals';
import { usableName } from '../../services/gateway/usable-name.ts';

test.each<[string, unknown, string | null]>([
  ['text', 'bob', 'bob'],
  ['as many characters as may be', 'x'.repeat(10), 'x'.repeat(10)],
  ['a whole pair of surrogates', '😀', '😀'],
  ['one character more', 'x'.repeat(11), null],
  ['half of a pair', 'bob\ud800', null],
  ['the other half', '\udc00', null],
  ['nothing', '', null],
  ['a number', 7, null],
  ['null', null, null],
])('a name in a key: %s', (_, value, name) => {
  expect(usableName(value, 10)).toBe(name);
});
