import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { caliperEvent, createStandardHouse, EVENT_ID, envelope, PERSON } from './standard-support.ts';
import { until } from './support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const KEY = `caliper-agent-${sha256(PERSON)}`;
const entity = { id: 'https://school.example/pages/2', type: 'WebPage', name: 'Two' };

describe('POST /caliper', () => {
  test('answers 200 with an empty body, and makes an event of the actor with the exact text', async () => {
    const { caliper, log } = await start({ now: () => 1_700_000_000_123 });
    const data = `{ "id":"${EVENT_ID}","type":"GradeEvent","actor":{"id":"${PERSON}","type":"Person"},"action":"Graded",
      "object":"https://x.example/o","eventTime":"2026-11-15T10:15:00.000Z","extensions":{"n":12345678901234567890.10}}`;
    const text = JSON.stringify(envelope([])).replace('[]', `[${data}]`);
    const answer = await caliper(text);
    expect([answer.status, answer.text]).toEqual([200, '']);
    const [event] = log.written();
    expect(event).toMatchObject({
      topic: 'test.events.caliper',
      source: 'caliper',
      type: 'Graded',
      id: EVENT_ID,
      key: KEY,
      session: null,
      receivedAt: 1_700_000_000_123_000,
    });
    expect(event!.client).toContain(`"data":${data}`);
    expect(event!.clientFields).toMatchObject({
      event: 'Graded',
      source: 'caliper',
      id: EVENT_ID,
      sensor: 'https://school.example/sensors/1',
      sendTime: '2026-11-15T11:05:01.000Z',
      dataVersion: 'http://purl.imsglobal.org/ctx/caliper/v1p2',
      auth: { providence: 'caliper', safe_user_id: KEY, sec: 'unauthenticated' },
    });
  });

  test('takes events and entities together, in their order', async () => {
    const { caliper, log } = await start();
    const person = { id: PERSON, type: 'Person', name: 'Alice' };
    const membership = {
      id: 'https://x.example/m',
      type: 'Membership',
      member: { id: PERSON, type: 'Person' },
    };
    const sensor = `caliper-sensor-${sha256('["https://school.example/sensors/1"]')}`;
    const thin = caliperEvent({ id: 'urn:uuid:1', actor: PERSON, object: entity.id });
    expect((await caliper(envelope([person, membership, entity, caliperEvent(), thin]))).status).toBe(200);
    expect(log.written().map(({ type, key }) => [type, key])).toEqual([
      ['describe', KEY],
      ['describe', KEY],
      ['describe', sensor],
      ['NavigatedTo', KEY],
      ['NavigatedTo', KEY],
    ]);
  });

  test('sent again gives the same ids, so that they are counted once; described again is something new', async () => {
    const { caliper, log } = await start();
    const first = envelope([caliperEvent(), entity]);
    for (const body of [first, first, { ...first, sendTime: '2026-11-15T12:00:00.000Z' }])
      await caliper(body);
    const ids = log.written().map(({ id }) => id);
    expect(ids.slice(0, 2)).toEqual(ids.slice(2, 4));
    expect(ids[4]).toBe(EVENT_ID);
    expect(ids[5]).not.toBe(ids[1]);
  });

  test.each([
    ['1.1', 'http://purl.imsglobal.org/ctx/caliper/v1p1', 200],
    ['1.2', 'http://purl.imsglobal.org/ctx/caliper/v1p2', 200],
    ['a profile of 1.1', 'http://purl.imsglobal.org/ctx/caliper/v1p1/ToolLaunchProfile-extension', 200],
    ['1.0', 'http://purl.imsglobal.org/ctx/caliper/v1p0', 422],
    ['1.3', 'http://purl.imsglobal.org/ctx/caliper/v1p3', 422],
    ['anything', 'x', 422],
    ['nothing', '', 422],
  ])('dataVersion of %s', async (_name, dataVersion, status) => {
    const { caliper, log } = await start();
    const answer = await caliper(envelope([caliperEvent()], { dataVersion }));
    expect(answer.status).toBe(status);
    if (status === 422) expect(answer.error).toMatch(/^dataVersion: is none that is read here/);
    expect(log.written()).toHaveLength(status === 200 ? 1 : 0);
  });

  test.each<[string, unknown, number, RegExp]>([
    ['an event without envelope', caliperEvent(), 400, /^sensor: must be there/],
    ['a list', [caliperEvent()], 400, /^the body must be a Caliper envelope/],
    ['not JSON', '{"sensor":', 400, /^position 10: not JSON/],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, /not UTF-8/],
    ['no sensor', envelope([caliperEvent()], { sensor: undefined }), 400, /^sensor: /],
    ['no sendTime', envelope([caliperEvent()], { sendTime: undefined }), 400, /^sendTime: must be there/],
    ['a sendTime that is none', envelope([caliperEvent()], { sendTime: 'now' }), 400, /^sendTime: /],
    [
      'no dataVersion',
      envelope([caliperEvent()], { dataVersion: undefined }),
      400,
      /^dataVersion: must be there/,
    ],
    ['no data', envelope([], { data: undefined }), 400, /^data: must be there/],
    ['an object as data', envelope([], { data: caliperEvent() }), 400, /^data: must be there, a list/],
    ['empty data', envelope([]), 400, /^data: must have an event/],
    ['malformed, of another version', envelope([], { dataVersion: 'x' }), 400, /^data: /],
    ['no object in data', envelope([caliperEvent(), 7]), 400, /^data\[1\]: must be a JSON object/],
    ['an entity without id', envelope([{ type: 'Person' }]), 400, /^data\[0\]\.id: must be there/],
    ['an entity without type', envelope([{ id: 'x' }]), 400, /^data\[0\]\.type: must be there/],
    [
      'an event without id',
      envelope([caliperEvent({ id: undefined })]),
      400,
      /^data\[0\]\.id: must be there/,
    ],
    [
      'an event with a long id',
      envelope([caliperEvent({ id: 'x'.repeat(201) })]),
      400,
      /^data\[0\]\.id: .*200/,
    ],
    ['an event without actor', envelope([caliperEvent({ actor: undefined })]), 400, /^data\[0\]\.actor: /],
    [
      'an actor without id',
      envelope([caliperEvent({ actor: { type: 'Person' } })]),
      400,
      /^data\[0\]\.actor: /,
    ],
    [
      'an actor of half a character',
      envelope([caliperEvent({ actor: 'x\ud800' })]),
      400,
      /^data\[0\]\.actor: /,
    ],
    ['an event without action', envelope([caliperEvent({ action: undefined })]), 400, /^data\[0\]\.action: /],
    ['an event without object', envelope([caliperEvent({ object: undefined })]), 400, /^data\[0\]\.object: /],
    [
      'an event without time',
      envelope([caliperEvent({ eventTime: undefined })]),
      400,
      /^data\[0\]\.eventTime: /,
    ],
    ['a typeless event', envelope([caliperEvent({ type: undefined })]), 400, /^data\[0\]\.type: /],
    [
      'a large event',
      envelope([caliperEvent({ extensions: 'x'.repeat(1_048_576) })]),
      413,
      /^data\[0\]: may have at most/,
    ],
    ['too many', envelope(Array(10_001).fill(1)), 413, /^data: may have at most 10000/],
    [
      'a name that objects inherit',
      JSON.stringify(envelope([caliperEvent({ extensions: 'E' })])).replace('"E"', '{"constructor":1}'),
      400,
      /^data\[0\]\.extensions\.constructor: /,
    ],
  ])('refuses %s, and keeps nothing of the envelope', async (_name, body, status, error) => {
    const { caliper, log } = await start();
    const answer = await caliper(body);
    expect([answer.status, answer.error]).toEqual([status, expect.stringMatching(error)]);
    expect(log.written()).toEqual([]);
    expect((await caliper(envelope([caliperEvent()]))).status).toBe(200);
  });

  test.each(['text/plain', 'application/ld+json', undefined])('refuses the content type %s', async (type) => {
    const { caliper } = await start();
    const body = Buffer.from(JSON.stringify(envelope([caliperEvent()])));
    expect((await caliper(body, { 'content-type': type })).status).toBe(415);
  });

  test('answers only when the log has all; 503 with Retry-After when it does not take it in time', async () => {
    const { caliper, log } = await start({ limits: { ackTimeoutMs: 50 } });
    log.hold();
    const late = await caliper(envelope([caliperEvent()]));
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1']);
    log.release();
    await until(() => log.written().length === 1, 'the late one was written');
    expect((await caliper(envelope([caliperEvent()]))).status).toBe(200);
  });
});

test('GET /caliper gives the configuration, other methods are refused', async () => {
  const { caliper } = await start();
  const answer = await caliper(undefined, {}, 'GET');
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      caliperMaximumPayloadSize: 4_096,
      caliperSupportedVersions: [
        'http://purl.imsglobal.org/ctx/caliper/v1p1',
        'http://purl.imsglobal.org/ctx/caliper/v1p2',
      ],
    },
  ]);
  const put = await caliper({}, {}, 'PUT');
  expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
});
