import { afterEach, describe, expect, test } from '@jest/globals';
import { ACK_PROTOCOL } from '../../services/gateway/acks.ts';
import { LecternError } from '../../services/shared/errors.ts';
import { createFakeLog, type FakeLog } from './fake-producer.ts';
import { type Client, createGatewayHouse, SOURCE, TESTCASE_ONLY, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const ASKING = { event: 'lock_fields', fields: { source: SOURCE, user_id: 'bob', session: 's', acks: true } };
const event = (sequence: number, more: object = {}) => ({ event: 'x', sequence, ...more });
const events = (from: number, to: number): object[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

const acksOf = (client: Client) => client.answers.filter(({ status }) => status === 'ack');
const lastAck = (client: Client): unknown => acksOf(client).at(-1)?.through;
const errorsOf = (client: Client) => client.answers.filter(({ status }) => status === 'error');
const acknowledged = (client: Client, through: number): Promise<void> =>
  until(() => lastAck(client) === through, `it is acknowledged through ${through}`);

/** A log that never takes an event of this type. */
function refusing(
  type: string,
  error = new LecternError('LOG_UNAVAILABLE', 'never at broker:9092'),
): FakeLog {
  const log = createFakeLog();
  return {
    ...log,
    producer: {
      async send(records) {
        if (records.some(({ value }) => value.includes(`"event":"${type}"`))) throw error;
        return log.producer.send(records);
      },
    },
  };
}

describe('a client that asks for acknowledgements', () => {
  test('is told only of what the log has made durable, many events at once', async () => {
    const { url, log } = await start();
    const client = await open(url);
    log.hold();
    client.send(ASKING, ...events(0, 999));
    await until(() => log.attempts() === 1, 'the first batch is being sent');
    // A refused frame's answer comes after everything that could have been said before it.
    client.send('{');
    await until(() => errorsOf(client).length === 1, 'the bad frame was answered');
    expect(acksOf(client)).toEqual([]);
    log.release();
    await acknowledged(client, 999);
    expect(log.written()).toHaveLength(1_000);
    expect(acksOf(client).length).toBeLessThan(50);
    expect(acksOf(client).at(-1)).toEqual({ status: 'ack', session: 's', through: 999 });
  });

  test('is told nothing after failed sends until one was kept, also when the failed ones wrote', async () => {
    const { url, log } = await start({ limits: { retryMinMs: 50, retryMaxMs: 50 } });
    const client = await open(url);
    log.failNext(2, 'everything');
    client.send(ASKING, event(0));
    await until(() => log.attempts() === 2, 'it is tried again');
    expect(acksOf(client)).toEqual([]);
    await acknowledged(client, 0);
    expect(log.attempts()).toBe(3);
  });

  test('may ask by the subprotocol, which is echoed, without a locked field', async () => {
    const { url, log } = await start();
    const client = await open(url, {}, ['other', ACK_PROTOCOL]);
    expect(client.ws.protocol).toBe(ACK_PROTOCOL);
    client.send(event(7, { source: SOURCE, user_id: 'bob', session: 's' }));
    await acknowledged(client, 7);
    expect(log.written()[0]?.metadataFields).not.toHaveProperty('acks');
  });

  test('gets acknowledgements for each of its sessions', async () => {
    const { url } = await start();
    const client = await open(url, {}, [ACK_PROTOCOL]);
    client.send(event(5, { user_id: 'bob', session: 'a' }), event(1, { session: 'b' }));
    await until(() => acksOf(client).length === 2, 'both are acknowledged');
    expect(acksOf(client).map(({ session, through }) => [session, through])).toEqual([
      ['a', 5],
      ['b', 1],
    ]);
  });

  test('is told of all it sent before a terminate, and then closed', async () => {
    const { url, log } = await start();
    const client = await open(url);
    log.hold();
    client.send(ASKING, event(0), { event: 'terminate' }, event(1));
    await until(() => errorsOf(client).length === 1, 'what came after the terminate was refused');
    log.release();
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(lastAck(client)).toBe(0);
  });
});

describe('what is refused is named, and later events are acknowledged all the same', () => {
  test.each([
    ['a bad source', event(1, { source: 7 }), 'source: must be a string'],
    ['a name that is not allowed', '{"event":"x","sequence":1,"a":{"__proto__":1}}', 'a.__proto__: '],
    ['an event that is too large', event(1, { a: 'x'.repeat(3_000) }), 'may have at most 2000 bytes'],
  ])('%s', async (_name, bad, error) => {
    const { url, log } = await start({ limits: { recordBytes: 2_000 } });
    const client = await open(url, {}, [ACK_PROTOCOL]);
    const lock = { event: 'lock_fields', fields: { user_id: 'bob', session: 's' } };
    client.send(lock, event(0, { source: SOURCE }), bad, event(2, { source: SOURCE }));
    await acknowledged(client, 2);
    expect(errorsOf(client)).toEqual([
      expect.objectContaining({ error: expect.stringContaining(error), frame: 3 }),
    ]);
    const said = typeof bad === 'string' ? [undefined] : [1];
    expect(errorsOf(client).map(({ sequence }) => sequence)).toEqual(said);
    expect(log.written().map(({ sequence }) => sequence)).toEqual([0, 2]);
  });

  test.each([
    ['without a sequence', { event: 'x', session: 's' }, /sequence: must be there/],
    ['without a session', event(1), /session: must be there/],
    ['whose sequence does not ascend', event(0, { session: 's' }), /sequence: 0 must come after 0/],
  ])('an event %s', async (_name, bad, error) => {
    const { url, log } = await start();
    const client = await open(url, {}, [ACK_PROTOCOL]);
    client.send(event(0, { user_id: 'bob', session: 's' }), bad, event(2, { session: 's' }));
    await acknowledged(client, 2);
    expect(errorsOf(client)).toEqual([
      expect.objectContaining({ error: expect.stringMatching(error), frame: 2 }),
    ]);
    expect(log.written().map(({ sequence }) => sequence)).toEqual([0, 2]);
  });

  test('an event that the log refuses for good', async () => {
    const { url, log } = await start({ log: refusing('poison') });
    const client = await open(url);
    client.send(ASKING, event(0), { event: 'poison', sequence: 1 }, event(2));
    await acknowledged(client, 2);
    expect(errorsOf(client)).toEqual([
      {
        status: 'error',
        error: 'frame 3: the log does not take this event, and never will',
        remedy: expect.stringContaining('whoever runs the service'),
        frame: 3,
        session: 's',
        sequence: 1,
      },
    ]);
    const first = client.answers.findIndex(({ status }) => status === 'error');
    expect(client.answers.findIndex(({ through }) => Number(through) >= 1)).toBeGreaterThan(first);
    expect(log.written().map(({ sequence }) => sequence)).toEqual([0, 2]);
    expect(client.ws.readyState).toBe(client.ws.OPEN);
  });

  test('a session beyond those that a connection may have', async () => {
    const { url } = await start();
    const client = await open(url, {}, [ACK_PROTOCOL]);
    for (let session = 0; session <= 16; session++)
      client.send(event(0, { user_id: 'bob', session: `s${session}` }));
    await until(() => errorsOf(client).length === 1, 'one is refused');
    expect(errorsOf(client)[0]).toMatchObject({ session: 's16', sequence: 0 });
  });
});

describe('after an event that was not kept nothing is acknowledged, and the socket closes', () => {
  test('because the gateway stopped before the log took it', async () => {
    const { url, log, gateway } = await start({ limits: { drainMs: 50 } });
    const client = await open(url);
    log.hold();
    client.send(ASKING, ...events(0, 9));
    await until(() => log.attempts() === 1, 'they are being sent');
    await gateway.stop();
    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(acksOf(client)).toEqual([]);
  });

  test('because too many wait for an identity', async () => {
    const { url } = await start({ identity: TESTCASE_ONLY, limits: { backlogFrames: 1 } });
    const client = await open(url, {}, [ACK_PROTOCOL]);
    client.send(event(0, { session: 's' }), event(1, { session: 's' }));
    expect(await client.closed).toMatchObject({ code: 1013 });
    expect(client.answers).toEqual([]);
  });
});

test('a client that does not ask gets nothing new', async () => {
  const { url, log } = await start();
  const client = await open(url);
  client.send(
    event(0, { user_id: 'bob', session: 's', source: SOURCE }),
    event(1, { source: 7, session: 's' }),
  );
  client.send(event(0, { session: 's' }));
  await until(() => log.written().length === 2, 'the good ones were written');
  client.send({ event: 'terminate' });
  await client.closed;
  expect(client.answers).toEqual([
    { status: 'auth', user_id: 'testcase-bob' },
    {
      status: 'error',
      error: expect.stringMatching(/^frame 2: source: must be a string/),
      remedy: 'name the kind of sender in it',
    },
  ]);
});
