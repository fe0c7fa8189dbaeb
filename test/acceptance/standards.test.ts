import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

const ACTIVITY = 'https://school.example/activities/1';
const COURSE = 'https://school.example/courses/1';
const ID = '7ccd3322-e1a5-411a-a67d-6a735c76f119';
const statement = {
  actor: { mbox: 'mailto:alice@school.example' },
  verb: { id: 'http://adlnet.gov/expapi/verbs/completed' },
  object: { id: ACTIVITY },
  context: {
    contextActivities: {
      grouping: [{ id: COURSE, definition: { type: 'http://adlnet.gov/expapi/activities/course' } }],
    },
  },
};
const envelope = {
  sensor: 'https://school.example/sensors/1',
  sendTime: '2026-11-15T11:05:01.000Z',
  dataVersion: 'http://purl.imsglobal.org/ctx/caliper/v1p1',
  data: [
    {
      '@context': 'http://purl.imsglobal.org/ctx/caliper/v1p1',
      id: 'urn:uuid:3a648e68-f00d-4c08-aa59-8738e1884f2c',
      type: 'NavigationEvent',
      actor: 'https://school.example/users/1',
      action: 'NavigatedTo',
      object: 'https://school.example/pages/2',
      group: COURSE,
      eventTime: '2026-11-15T10:15:00.000Z',
    },
  ],
};

describe('what comes by a standard', () => {
  let program: RestartableProgram;
  const stateOf = async (query: string): Promise<unknown> => {
    const answer = await fetch(`${program.url}/v1/state/standards.${query}`);
    return ((await answer.json()) as { state: unknown }).state;
  };
  const send = async (
    method: string,
    path: string,
    body: unknown,
    authorization: string,
  ): Promise<number> => {
    const headers = {
      authorization,
      'content-type': 'application/json',
      'x-experience-api-version': '1.0.3',
    };
    return (await fetch(`${program.url}${path}`, { method, headers, body: JSON.stringify(body) })).status;
  };

  beforeAll(async () => {
    program = await createProgram('dist/services/standalone/main.js', {
      LECTERN_DATA_DIR: mkdtempSync(join(tmpdir(), 'standards-')),
      LECTERN_MODULES: './test/support/standards-module',
      LECTERN_XAPI_CREDENTIALS: 'lms:secret',
      LECTERN_CALIPER_TOKENS: 'token',
    });
    await program.start();
    await program.ready();
  }, 90_000);
  afterAll(() => program.stop());

  test('becomes state of a module, of the actor and of the class, once', async () => {
    const basic = `Basic ${Buffer.from('lms:secret').toString('base64')}`;
    const put = () => send('PUT', `/xapi/statements?statementId=${ID}`, statement, basic);
    expect([await put(), await put()]).toEqual([204, 204]);
    const [event] = envelope.data;
    const last = { ...envelope, data: [{ ...event, id: 'urn:uuid:last' }] };
    for (const sent of [envelope, envelope, last])
      expect(await send('POST', '/caliper', sent, 'Bearer token')).toBe(200);
    const inClass = async (): Promise<number> => {
      const state = await stateOf(`in_class?CLASS=${encodeURIComponent(COURSE)}`);
      return (state as { events?: number } | null)?.events ?? 0;
    };
    // The last one is of the same learner as the repeat before it, and so comes after it.
    await waitFor(async () => (await inClass()) >= 3, { message: 'the last is counted', timeoutMs: 20_000 });
    expect(await inClass()).toBe(3);
    const key = createHash('sha256').update(statement.actor.mbox).digest('hex');
    expect(await stateOf(`done?STUDENT=xapi-mbox-${key}`)).toEqual({ done: [ACTIVITY] });
    const other = { ...statement, id: ID, result: { success: true } };
    expect(await send('POST', '/xapi/statements', other, basic)).toBe(409);
  }, 60_000);

  test('is refused without the configured secrets', async () => {
    expect(await send('POST', '/xapi/statements', statement, 'Bearer token')).toBe(401);
    expect(await send('POST', '/caliper', envelope, 'Bearer other')).toBe(401);
  });
});
