import { afterEach, describe, expect, test } from '@jest/globals';
import type { Block } from '../../services/shared/control/access-record.ts';
import { bearer, createDecisions, post } from './access-house.ts';
import { createGatewayHouse, OPEN, SOURCE, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const BOB = 'bob@pupils.school.org';
const event = (fields: object = {}) => ({ event: 'x', source: SOURCE, user_tag: BOB, ...fields });
const answerTo = (fields: object = {}) => ({
  status: 'blocklist',
  action: 'DROP',
  time_limit: 'PERMANENT',
  message: 'not any more',
  ...fields,
});

/** Each blocks a sender of `event()` from this page. */
const SUBJECTS: readonly [string, Pick<Block, 'subject' | 'value'>][] = [
  ['a source', { subject: 'source', value: SOURCE }],
  ['the domain of a name', { subject: 'domain', value: 'pupils.school.org' }],
  ['a domain above that of a name', { subject: 'domain', value: 'school.org' }],
  ['the domain of a page', { subject: 'domain', value: 'example.com' }],
  ['a safe_user_id', { subject: 'safe_user_id', value: `ls-ls-${BOB}` }],
];
const BY_NAME = { ...OPEN, methods: ['local_storage'] } as const;
const ORIGIN = { origin: 'https://docs.example.com:8443' };

describe.each(SUBJECTS)('a sender that is blocked by %s', (_, subject) => {
  test('is told so when it comes, its socket closes, and nothing of it is kept', async () => {
    const decisions = createDecisions();
    const { url, log } = await start({ access: decisions.access });
    decisions.block(subject);
    const client = await open(url, ORIGIN);
    client.send(event(), event());
    expect(await client.closed).toMatchObject({ code: 1008 });
    expect(client.answers.filter(({ status }) => status !== 'auth')).toEqual([answerTo()]);
    expect(log.written()).toEqual([]);
  });

  test('is told so when it is connected already', async () => {
    const decisions = createDecisions();
    const { url, log } = await start({ access: decisions.access });
    const client = await open(url, ORIGIN);
    client.send(event());
    await until(() => log.written().length === 1, 'the event is written');
    decisions.block({ ...subject, action: 'MAINTAIN', timeLimit: 'DAYS', message: 'come again' });
    expect(await client.closed).toMatchObject({ code: 1008 });
    expect(client.answers.at(-1)).toEqual(
      answerTo({ action: 'MAINTAIN', message: 'come again', time_limit: 'DAYS' }),
    );
  });

  test('gets 403 with the same words for a request, and is let in again when the block is removed', async () => {
    const decisions = createDecisions();
    const { url, log } = await start({ access: decisions.access });
    decisions.block(subject);
    const lock = { event: 'lock_fields', fields: { postauth: true } };
    const { status, body } = await post(url, [lock, event()], ORIGIN);
    expect(status).toBe(403);
    expect(body).toEqual({
      ...answerTo(),
      error: 'not any more',
      results: [
        { index: 0, status: 'accepted' },
        { index: 1, status: 'rejected', error: 'not any more' },
      ],
    });
    expect(log.written()).toEqual([]);
    decisions.unblock(subject);
    expect((await post(url, [lock, event()], ORIGIN)).status).toBe(200);
  });
});

test.each([
  ['another source', { subject: 'source', value: `${SOURCE}.more` }],
  ['a domain that only ends alike', { subject: 'domain', value: 'ool.org' }],
  ['a domain below', { subject: 'domain', value: 'class.pupils.school.org' }],
  ['another learner', { subject: 'safe_user_id', value: 'ls-ls-bob' }],
] as const)('a block of %s concerns nobody else', async (_, subject) => {
  const decisions = createDecisions();
  const { url } = await start({ access: decisions.access });
  decisions.block(subject);
  expect((await post(url, [event()], ORIGIN)).status).toBe(200);
});

test('of a request only the elements that are blocked are rejected', async () => {
  const decisions = createDecisions();
  const { url, log } = await start({ access: decisions.access });
  decisions.block({ subject: 'source', value: 'org.bad' });
  const { status, body } = await post(url, [event({ source: 'org.bad' }), event()]);
  expect(status).toBe(200);
  expect(body.results).toMatchObject([{ status: 'rejected', error: 'not any more' }, { status: 'accepted' }]);
  expect(log.written()).toHaveLength(1);
});

test('a time limit ends by itself, and one in milliseconds says what is left', async () => {
  let now = 10_000;
  const clock = { every: () => () => undefined, now: () => now };
  const decisions = createDecisions({ clock });
  const { url } = await start({ access: decisions.access, now: () => now });
  decisions.block({ subject: 'source', value: SOURCE, timeLimit: 5_000, until: 12_000 });
  expect((await post(url, [event()])).body).toMatchObject({ status: 'blocklist', time_limit: 2_000 });
  now = 12_000;
  expect((await post(url, [event()])).status).toBe(200);
});

test('a program that speaks for many goes on when one of them is blocked', async () => {
  const decisions = createDecisions();
  const { url, log } = await start({ access: decisions.access });
  const headers = bearer(decisions.addKey());
  decisions.block({ subject: 'safe_user_id', value: `ls-ls-${BOB}` });
  const client = await open(url, headers);
  client.send(event(), event({ user_tag: 'eve' }));
  await until(() => log.written().length === 1, 'the event of the other is written');
  expect(log.written()[0]?.key).toBe('ls-ls-eve');
  expect(client.answers).toContainEqual({ status: 'error', error: 'frame 1: not any more' });
  expect((await post(url, [event()], headers)).status).toBe(403);
  decisions.block({ subject: 'source', value: SOURCE });
  expect(await client.closed).toMatchObject({ code: 1008 });
});

describe('of a program that speaks for many, an event of a blocked learner', () => {
  const ask = { event: 'lock_fields', fields: { source: SOURCE, session: 's', acks: true } };
  const numbered = (sequence: number, user_tag: string) => ({ event: 'x', sequence, user_tag });

  async function send(action: 'DROP' | 'MAINTAIN') {
    const decisions = createDecisions();
    const { url, log } = await start({ access: decisions.access });
    decisions.block({ subject: 'safe_user_id', value: 'ls-ls-eve', action });
    const client = await open(url, bearer(decisions.addKey()));
    client.send(ask, numbered(0, 'ann'), numbered(1, 'eve'), numbered(2, 'ann'));
    return { client, log };
  }

  test('is kept by its sender when the block says so: it is not acknowledged and not refused', async () => {
    const { client } = await send('MAINTAIN');
    expect(await client.closed).toMatchObject({ code: 1013 });
    expect(client.answers.filter(({ status, through }) => status === 'error' || Number(through) > 0)).toEqual(
      [],
    );
  });

  test('is refused when the block has events dropped, and the others go on', async () => {
    const { client, log } = await send('DROP');
    await until(() => client.answers.some(({ through }) => through === 2), 'the others are acknowledged');
    expect(client.answers.filter(({ status }) => status === 'error')).toMatchObject([{ sequence: 1 }]);
    expect(log.written().map(({ sequence }) => sequence)).toEqual([0, 2]);
  });
});

test('events that waited for the name of a blocked learner are not kept either', async () => {
  const decisions = createDecisions();
  const { url, log } = await start({
    access: decisions.access,
    identity: BY_NAME,
  });
  decisions.block({ subject: 'safe_user_id', value: `ls-ls-${BOB}` });
  const client = await open(url);
  client.send({ event: 'early', source: SOURCE }, event(), { event: 'late', source: SOURCE });
  await client.closed;
  expect(log.written()).toEqual([]);
  expect(client.answers).toEqual([answerTo()]);
});

test('a page of a blocked domain is told so before it sends anything', async () => {
  const decisions = createDecisions();
  const { url } = await start({ access: decisions.access });
  decisions.block({ subject: 'domain', value: 'example.com' });
  const client = await open(url, ORIGIN);
  expect(await client.closed).toMatchObject({ code: 1008 });
  expect(client.answers).toEqual([answerTo()]);
});

test('after an event of a blocked source nothing of its socket is kept', async () => {
  const decisions = createDecisions();
  const { url, log, gateway } = await start({ access: decisions.access, identity: BY_NAME });
  decisions.block({ subject: 'source', value: 'org.bad' });
  const early = { event: 'early', source: 'org.bad' };
  for (const frames of [
    [event({ source: 'org.bad' }), event()],
    [early, { ...early, source: SOURCE }, event()],
  ]) {
    const client = await open(url);
    client.send(...frames);
    await client.closed;
    expect(client.answers.at(-1)).toEqual(answerTo());
  }
  // What was taken in by then is written when it stops.
  await gateway.stop();
  expect(log.written()).toEqual([]);
});
