import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ACTIVITY, ALICE, createStandardHouse, ID, statement, VERB } from './standard-support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const ALICES_KEY = `xapi-mbox-${createHash('sha256').update(ALICE.mbox).digest('hex')}`;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('POST /xapi/statements', () => {
  test('answers 200 with the id of one statement, and makes one where there is none', async () => {
    const { post, log } = await start();
    const own = await post(statement({ id: ID }));
    expect([own.status, own.body]).toEqual([200, [ID]]);
    const made = await post(statement());
    expect([made.status, made.body]).toEqual([200, [expect.stringMatching(UUID)]]);
    expect(log.written().map(({ id }) => id)).toEqual([ID, (made.body as string[])[0]]);
  });

  test('answers a batch with the ids in its order', async () => {
    const { post, log } = await start();
    const answer = await post([statement(), statement({ id: ID }), statement()]);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(log.written().map(({ id }) => id));
    expect((answer.body as string[])[1]).toBe(ID);
    expect((await post([])).body).toEqual([]);
  });

  test('makes an event of its actor, with the exact text of the statement', async () => {
    const { post, log } = await start({ now: () => 1_700_000_000_123 });
    const result = '{"score":{"raw":12345678901234567890.10},"extensions":{"http://x.example/e":1.0}}';
    const text = `{"actor":${JSON.stringify(ALICE)}, "verb":{"id":"${VERB}"},"result":${result},
      "object":{"id":"${ACTIVITY}"}, "context":{"extensions":{"http://x.example/t":"\\u00e9"}}}`;
    expect((await post(`  ${text}\n`)).status).toBe(200);
    const [event] = log.written();
    expect(event).toMatchObject({
      topic: 'test.events.xapi',
      source: 'xapi',
      type: VERB,
      key: ALICES_KEY,
      session: null,
      sequence: null,
      receivedAt: 1_700_000_000_123_000,
    });
    expect(event!.client).toContain(`"statement":${text}`);
    const auth = {
      sec: 'unauthenticated',
      user_id: ALICES_KEY.slice('xapi-'.length),
      providence: 'xapi',
      safe_user_id: ALICES_KEY,
    };
    expect(event!.clientFields).toEqual({
      event: VERB,
      source: 'xapi',
      id: event!.id,
      statement: JSON.parse(text),
      auth,
    });
    expect(event!.metadataFields).toEqual({ auth, resource: ACTIVITY });
    expect(event!.key).not.toContain('alice');
  });

  test('one bad statement refuses the whole batch, with its place', async () => {
    const { post, log } = await start();
    const bad = statement({ actor: { mbox: 'alice@school.example' } });
    const answer = await post([statement(), statement(), bad, statement()]);
    expect(answer.status).toBe(400);
    expect(answer.error).toMatch(/^statements\[2\]\.actor\.mbox: must be, or be named by, a valid Mailto/);
    expect(log.written()).toEqual([]);
  });

  test('two statements with one id refuse the batch', async () => {
    const { post, log } = await start();
    const answer = await post([statement({ id: ID }), statement(), statement({ id: ID.toUpperCase() })]);
    expect([answer.status, answer.error]).toEqual([400, 'statements[2].id: is also that of statements[0]']);
    expect(log.written()).toEqual([]);
  });

  test.each([['statementId'], ['method'], ['since'], ['x']])('refuses the parameter %s', async (name) => {
    const { xapi, log } = await start();
    const answer = await xapi('POST', `?${name}=${ID}`, statement());
    expect([answer.status, answer.error]).toEqual([400, expect.stringMatching(new RegExp(`^${name}: `))]);
    expect(log.written()).toEqual([]);
  });
});

describe('PUT /xapi/statements', () => {
  test('answers 204 without a body, and takes the id from the parameter', async () => {
    const { put, log } = await start();
    const answer = await put(`?statementId=${ID}`, statement());
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await put(`?statementId=${ID}`, statement({ id: ID.toUpperCase() }))).status).toBe(204);
    expect(log.written().map(({ id }) => id)).toEqual([ID]);
  });

  test.each([
    ['no statementId', '', /^statementId: must be there/],
    ['no UUID', '?statementId=1', /^statementId: must be there/],
    ['two of them', `?statementId=${ID}&statementId=${ID}`, /^statementId: must be there/],
    ['another case', `?StatementId=${ID}`, /^StatementId: not a parameter/],
    ['another parameter too', `?statementId=${ID}&x=1`, /^x: not a parameter/],
  ])('refuses %s', async (_name, query, error) => {
    const { put, log } = await start();
    const answer = await put(query, statement());
    expect([answer.status, answer.error]).toEqual([400, expect.stringMatching(error)]);
    expect(log.written()).toEqual([]);
  });

  test('refuses a statement with another id, and a batch', async () => {
    const { put, log } = await start();
    const other = await put(`?statementId=${ID}`, statement({ id: ID.replace('7', '8') }));
    expect([other.status, other.error]).toEqual([400, 'statement.id: must be the same as statementId']);
    const batch = await put(`?statementId=${ID}`, [statement()]);
    expect([batch.status, batch.error]).toEqual([400, 'statement: must be a JSON object']);
    expect(log.written()).toEqual([]);
  });
});
