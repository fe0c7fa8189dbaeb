import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createToEventRecord } from '../../services/gateway/envelope.ts';
import { parseFrame } from '../../services/gateway/frame.ts';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';
import { type LockedFields, NOTHING_LOCKED, writeLockedOver } from '../../services/gateway/locked-fields.ts';
import { createEventCodec } from '../../services/shared/event.ts';

const codec = createEventCodec();
const toEventRecord = createToEventRecord({ namespace: 'n', sources: [], codec, newId: () => 'new' });
const auth = { sec: 'none', user_id: 'u', providence: 'p', safe_user_id: 'p-u' };
const LOCKED: LockedFields = { fields: { source: 's' }, members: new Map([['source', '"s"']]) };

/** What reducers get as `client` of a frame, as text. */
function clientOf(text: string, locked = NOTHING_LOCKED): string {
  const parsed = parseFrame(text, DEFAULT_LIMITS);
  if (parsed.kind !== 'frame') throw new Error(parsed.problem.error);
  const written = writeLockedOver(parsed.frame, locked);
  if (written.kind !== 'frame') throw new Error(written.problem.error);
  const { record } = toEventRecord({ ordinal: 0, frame: written.frame, locked, auth, receivedAt: 1 }, '{}');
  const decoded = codec.decode(record.value);
  if (decoded.kind !== 'ok') throw new Error(decoded.reason);
  return decoded.value.client;
}

const AUTH = `"auth":${JSON.stringify(auth)}`;

test.each([
  ['{"event":"x"}', `{"event":"x",${AUTH}}`],
  [' \n{ "event" : "x" ,\t"n": 9007199254740993 } \n', `{ "event" : "x" ,\t"n": 9007199254740993,${AUTH}}`],
  ['{"event":"x","a":{"b":"}"}}', `{"event":"x","a":{"b":"}"},${AUTH}}`],
  ['{"event":"x","n":1.0,"n":2}', `{"event":"x","n":1.0,"n":2,${AUTH}}`],
])('what a client sent stands in the log as it came, and auth after it: %j', (text, client) => {
  expect(clientOf(text)).toBe(client);
});

test.each([
  '{"auth":{"safe_user_id":"mine"},"event":"x"}',
  '{"event":"x","\\u0061uth":{"safe_user_id":"mine"}}',
  '{"auth":null,"event":"x","auth":{"safe_user_id":"mine"}}',
])('an auth that a client sent is not there, however it is written: %j', (text) => {
  expect(clientOf(text)).toBe(`{"event":"x",${AUTH}}`);
});

test('whatever a client sends, with or without anything locked, reducers get its fields and the true auth', () => {
  const names = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom('auth', 'event', 'source', '{', '}', '"', '\\'),
  );
  const fields = fc.dictionary(names, fc.jsonValue(), { maxKeys: 5 }).map((more) => {
    const { source: _source, ...rest } = more;
    return { ...rest, event: 'x' };
  });
  fc.assert(
    fc.property(fields, fc.constantFrom(undefined, 1, '\t'), (sent, space) => {
      const text = JSON.stringify(sent, null, space);
      // Some names are refused wherever they stand.
      fc.pre(parseFrame(text, DEFAULT_LIMITS).kind === 'frame');
      const expected = { ...(JSON.parse(text) as object), auth };
      expect(JSON.parse(clientOf(text))).toEqual(expected);
      expect(JSON.parse(clientOf(text, LOCKED))).toEqual({ ...expected, source: 's' });
    }),
    { numRuns: 1_000, interruptAfterTimeLimit: 5_000 },
  );
});
