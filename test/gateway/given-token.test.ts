import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { agreedProtocol, givenToken } from '../../services/gateway/given-token.ts';
import { newKey } from '../../services/shared/access-key.ts';

const { key } = newKey();
const request = (headers: Record<string, string>, url = '/wsapi/in/'): IncomingMessage =>
  ({ headers, url }) as unknown as IncomingMessage;
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

test.each([
  ['a bearer', { authorization: `Bearer ${key}` }, key],
  ['a bearer in other letters', { authorization: `bearer  ${key} ` }, key],
  ['a password that is a key', { authorization: basic(`anybody:${key}`) }, key],
  ['a password that is none of ours', { authorization: basic('anybody:secret') }, null],
  ['another scheme', { authorization: `Digest ${key}` }, null],
  ['nothing', {}, null],
])('of %s in the header this is taken', (_, headers, expected) => {
  expect(givenToken(request(headers), 'request')).toBe(expected);
});

test('an upgrade may give it as a subprotocol or in the query, where a page can set no headers; a request may not', () => {
  const offered = request({ 'sec-websocket-protocol': `lectern, lectern.bearer.${key}` });
  const asked = request({}, `/wsapi/in/?x=1&access_token=${key}`);
  expect(givenToken(offered, 'upgrade')).toBe(key);
  expect(givenToken(asked, 'upgrade')).toBe(key);
  expect([givenToken(offered, 'request'), givenToken(asked, 'request')]).toEqual([null, null]);
  const both = request({ authorization: 'Bearer first' }, `/wsapi/in/?access_token=${key}`);
  expect(givenToken(both, 'upgrade')).toBe('first');
});

test('a subprotocol that is a secret is never agreed on, because the answer would repeat it', () => {
  expect(agreedProtocol([`lectern.bearer.${key}`, 'lectern'])).toBe('lectern');
  expect(agreedProtocol([`lectern.bearer.${key}`])).toBe(false);
});
