import { afterEach, describe, expect, test } from '@jest/globals';
import { type Client, createGatewayHouse, SOURCE, TESTCASE_ONLY, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const errorsOf = (client: Client): string[] =>
  client.answers.filter(({ status }) => status === 'error').map(({ error }) => String(error));

/** What Learning Observer's own client puts on the wire, in order. */
const LO_EVENT_FRAMES = [
  '{"fields":{"preauth_type":"test"},"event":"lock_fields","metadata":{"iso_ts":"2026-11-22T17:56:29.763Z"}}',
  '{"fields":{"postauth_type":"test","user_id":"alice"},"event":"lock_fields","metadata":{"iso_ts":"2026-11-22T17:56:29.763Z"}}',
  '{"fields":{"source":"org.mitros.test","version":"1.0.0"},"event":"lock_fields","metadata":{"iso_ts":"2026-11-22T17:56:29.763Z"}}',
  '{"a":1,"event":"test1","metadata":{"iso_ts":"2026-11-22T17:56:29.702Z"}}',
  '{"b":"x","event":"test2","metadata":{"iso_ts":"2026-11-22T17:56:29.703Z"}}',
  '{"fields":{},"event":"lock_fields","metadata":{"iso_ts":"2026-11-22T17:56:29.763Z"}}',
  '{"fields":{"preauth_type":"test","postauth_type":"test","user_id":"alice","source":"org.mitros.test","version":"1.0.0"},"event":"lock_fields","metadata":{"iso_ts":"2026-11-22T17:56:29.763Z"}}',
  '{"event":"late","metadata":{"iso_ts":"2026-11-22T17:56:32.706Z"}}',
];

describe('the socket of event sources', () => {
  test('takes the frames of the Learning Observer client and makes the right envelopes of them', async () => {
    const { url, log } = await start({ now: () => 1_700_000_000_123.5 });
    const client = await open(url, { origin: 'https://docs.example', 'user-agent': 'lo_event' });
    client.send(...LO_EVENT_FRAMES);
    await until(() => log.written().length === 3, 'three events were written');
    const auth = {
      sec: 'unauthenticated',
      user_id: 'testcase-alice',
      providence: 'tc',
      safe_user_id: 'tc-testcase-alice',
    };
    const locked = {
      preauth_type: 'test',
      postauth_type: 'test',
      user_id: 'alice',
      source: SOURCE,
      version: '1.0.0',
    };
    const [first, second, third] = log.written();
    expect(first).toMatchObject({
      topic: `test.events.${SOURCE}`,
      source: SOURCE,
      type: 'test1',
      key: 'tc-testcase-alice',
      session: null,
      sequence: null,
      receivedAt: 1_700_000_000_123_500,
    });
    expect(first?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const metadata = { iso_ts: '2026-11-22T17:56:29.702Z' };
    expect(first?.clientFields).toEqual({ ...locked, a: 1, event: 'test1', metadata, auth });
    expect(first?.metadataFields).toEqual({ ...locked, auth });
    expect(JSON.parse(first!.server)).toEqual({
      origin: 'https://docs.example',
      agent: 'lo_event',
      ip: null,
      executable: null,
    });
    expect([second?.type, third?.type]).toEqual(['test2', 'late']);
    expect(third?.metadataFields).toEqual({ ...locked, auth });
    expect(client.answers).toEqual([{ status: 'auth', user_id: 'testcase-alice' }]);
  });

  test.each(['/wsapi/in', '/wsapi/in/', '/wsapi/in/?x=1'])('is at %s', async (path) => {
    const { port } = await start();
    const { WebSocket } = await import('ws');
    const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
    ws.terminate();
  });

  test('strips a client-sent auth, keeps exact text, own id, session and sequence', async () => {
    const { url, log } = await start();
    const client = await open(url);
    const event = `{"event":"x","user_id":"bob","source":"${SOURCE}","id":"e-1","session":"s","sequence":7,"big":12345678901234567890,"f":1.0,"auth":{"user_id":"teacher"}}`;
    client.send(event);
    await until(() => log.written().length === 1, 'the event was written');
    const [written] = log.written();
    expect(written).toMatchObject({ id: 'e-1', session: 's', sequence: 7 });
    expect(written?.client).toContain('"big":12345678901234567890,"f":1.0,');
    expect(written?.client).not.toContain('teacher');
    expect(written?.clientFields.auth).toEqual(written?.metadataFields.auth);
  });

  test.each(['-1', '1.5', '"7"', '9007199254740991', '1e300'])(
    'takes an event whose sequence %s is none',
    async (sequence) => {
      const { url, log } = await start();
      const client = await open(url);
      client.send(`{"event":"x","user_id":"bob","source":"${SOURCE}","sequence":${sequence}}`);
      await until(() => log.written().length === 1, 'the event was written');
      expect(log.written()[0]).toMatchObject({ sequence: null });
      expect(log.written()[0]?.client).toContain(`"sequence":${sequence}`);
    },
  );

  test('events of a source without a topic, or without a source, are kept apart, not lost', async () => {
    const { url, log } = await start();
    const client = await open(url);
    client.send({ event: 'x', user_id: 'bob', source: 'made.up' }, { event: 'y' });
    await until(() => log.written().length === 2, 'both were written');
    expect(log.written().map(({ topic, source }) => [topic, source])).toEqual([
      ['test.events._unclaimed', 'made.up'],
      ['test.events._unclaimed', ''],
    ]);
  });

  test('keeps what comes before an identity and delivers it in order, at once with the frame that gives one', async () => {
    const { url, log } = await start({ identity: TESTCASE_ONLY });
    const client = await open(url);
    client.send({ event: 'one' }, { event: 'two' });
    client.send({ event: 'three', user_id: 'alice' });
    await until(() => log.written().length === 3, 'all were written');
    expect(log.written().map(({ type, key }) => [type, key])).toEqual([
      ['one', 'tc-testcase-alice'],
      ['two', 'tc-testcase-alice'],
      ['three', 'tc-testcase-alice'],
    ]);
    expect(client.answers).toEqual([{ status: 'auth', user_id: 'testcase-alice' }]);
  });

  test('a guest keeps its identity by a cookie that scripts cannot read', async () => {
    const { url, log } = await start();
    const first = await open(url);
    expect(first.cookies).toHaveLength(1);
    expect(first.cookies[0]).toMatch(/^lectern_guest=[0-9a-f]{32}; .*HttpOnly; SameSite=Lax/);
    first.send({ event: 'x' });
    const second = await open(url, { cookie: first.cookies[0]!.split(';')[0]! });
    expect(second.cookies).toEqual([]);
    second.send({ event: 'y' });
    await until(() => log.written().length === 2, 'both were written');
    const keys = new Set(log.written().map(({ key }) => key));
    expect(keys).toEqual(new Set([`guest-${/[0-9a-f]{32}/.exec(first.cookies[0]!)![0]}`]));
  });

  test('a terminate closes normally, after what came before it', async () => {
    const { url, log } = await start();
    const client = await open(url);
    client.send({ event: 'x', user_id: 'bob' }, { event: 'terminate' }, { event: 'never' });
    expect(await client.closed).toMatchObject({ code: 1000 });
    await until(() => log.written().length > 0, 'the event was written');
    expect(log.written().map(({ type }) => type)).toEqual(['x']);
  });
});

describe('bad frames on the socket', () => {
  test.each([
    ['malformed JSON', '{"event":', 'frame 1: position 9: not JSON'],
    ['a frame that is no object', '[]', 'frame 1: a frame must be a JSON object'],
    ['no event', '{"a":1}', 'frame 1: event: must be there'],
    ['200 levels', `{"event":"x","a":${'['.repeat(199)}${']'.repeat(199)}}`, 'deeper than 100 levels'],
    ['__proto__', '{"event":"x","a":{"__proto__":{"p":1}}}', 'frame 1: a.__proto__: '],
    ['a binary frame', Buffer.from('{"event":"x"}'), 'frame 1: binary frames are not read'],
    ['no blob', '{"event":"save_blob"}', 'frame 1: blob: must be there'],
  ])('%s: a clear error, and the connection lives', async (_name, frame, error) => {
    const { url, log } = await start();
    const client = await open(url);
    client.send(frame, { event: 'after', user_id: 'bob' });
    await until(() => log.written().length === 1, 'the event after it was written');
    expect(errorsOf(client)).toEqual([expect.stringContaining(error)]);
    expect(log.written().map(({ type }) => type)).toEqual(['after']);
    expect(({} as Record<string, unknown>).p).toBeUndefined();
  });

  test('a frame over 1 MiB closes its own connection with 1009 and the reason', async () => {
    const { url, log } = await start();
    const [big, other] = [await open(url), await open(url)];
    big.send({ event: 'x', user_id: 'bob', a: 'x'.repeat(1_048_576) });
    expect(await big.closed).toEqual({ code: 1009, reason: 'a frame may have at most 1048576 bytes' });
    other.send({ event: 'y', user_id: 'alice' });
    await until(() => log.written().length === 1, 'the other connection goes on');
  });

  test('an event that would not fit into the log is refused', async () => {
    const { url, log } = await start({ limits: { recordBytes: 5_000 } });
    const client = await open(url);
    client.send({ event: 'x', user_id: 'bob', a: 'x'.repeat(5_000) }, { event: 'y' });
    await until(() => log.written().length === 1, 'the small one was written');
    expect(errorsOf(client)).toEqual([expect.stringContaining('frame 1: with its locked fields')]);
  });
});
