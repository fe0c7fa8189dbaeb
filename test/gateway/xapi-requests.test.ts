import { afterEach, describe, expect, test } from '@jest/globals';
import { createStandardHouse, ID, statement } from './standard-support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

describe('headers', () => {
  test.each(['1.0', '1.0.0', '1.0.3', '1.0.9'])('version %s is taken', async (version) => {
    const { post } = await start();
    const answer = await post(statement(), { 'x-experience-api-version': version });
    expect([answer.status, answer.headers.get('x-experience-api-version')]).toEqual([200, '1.0.3']);
  });

  test.each([undefined, '', '0.9', '0.95', '1', '1.1.0', '1.0.', '2.0.0', '1.0.3, 1.0.3'])(
    'version %s is refused',
    async (version) => {
      const { post, log } = await start();
      const answer = await post(statement(), { 'x-experience-api-version': version });
      expect([answer.status, answer.error]).toEqual([
        400,
        expect.stringMatching(/^x-experience-api-version: /),
      ]);
      expect(log.written()).toEqual([]);
    },
  );

  test('every answer has the version', async () => {
    const { xapi, request, post } = await start({ limits: { bodyBytes: 100 } });
    const answers = await Promise.all([
      request('/xapi/about', {}),
      request('/xapi/nothing', {}),
      xapi('GET', ''),
      xapi('DELETE', ''),
      post('{'),
      post('x'.repeat(200)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 405, 405, 400, 413]);
    for (const { headers } of answers) expect(headers.get('x-experience-api-version')).toBe('1.0.3');
  });

  test.each([
    ['multipart/mixed; boundary=abc', 400],
    ['text/plain', 400],
    ['application/x-www-form-urlencoded', 400],
    [undefined, 400],
    ['application/json; charset=utf-8', 200],
  ])('content type %s gives %s', async (type, status) => {
    const { post } = await start();
    const answer = await post(Buffer.from(JSON.stringify(statement())), { 'content-type': type });
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.error).toBe('content-type: must be application/json');
  });
});

describe('what is not served', () => {
  test('statements cannot be asked back', async () => {
    const { xapi } = await start();
    for (const method of ['GET', 'HEAD', 'DELETE', 'PATCH']) {
      const answer = await xapi(method, '');
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, PUT']);
    }
  });

  test('about says which version is served, to anybody', async () => {
    const { request } = await start({ credentials: ['lrp:secret'] });
    const answer = await request('/xapi/about', {});
    expect([answer.status, answer.body]).toEqual([200, { version: ['1.0.3'] }]);
    expect((await request('/xapi/about', { method: 'POST' })).status).toBe(405);
  });
});

describe('bodies', () => {
  test.each([
    ['not JSON', '{"actor":}', 400, /^position 9: not JSON/],
    ['nothing', '', 400, /^position 0: not JSON/],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, /not UTF-8/],
    ['a number', '7', 400, /^statement: must be a JSON object/],
    ['a list of no objects', '[[]]', 400, /^statements\[0\]: must be a JSON object/],
    [
      'too deep',
      `[${'['.repeat(200)}${']'.repeat(200)}]`,
      400,
      /^position \d+: nested deeper than 101 levels/,
    ],
    [
      'a name that objects inherit',
      `[${JSON.stringify(statement()).replace('"verb"', '"context":{"extensions":{"http://x.example/a":{"__proto__":1}}},"verb"')}]`,
      400,
      /^statements\[0\]\.context\.extensions\.http:\/\/x\.example\/a\.__proto__: /,
    ],
    ['too many', `[${'1,'.repeat(10_000)}1]`, 413, /at most 10000 statements/],
    [
      'a statement that is too large',
      statement({ result: { response: 'x'.repeat(1_048_576) } }),
      413,
      /^statement: may/,
    ],
    ['more than a body may have', `["${'x'.repeat(4_194_304)}"]`, 413, /too large/],
  ])('%s', async (_name, body, status, error) => {
    const { post, log } = await start();
    const answer = await post(body);
    expect([answer.status, answer.error]).toEqual([status, expect.stringMatching(error)]);
    expect((await post(statement())).status).toBe(200);
    expect(log.written()).toHaveLength(1);
  });

  test('a statement that is nothing but faults is refused before they are all looked for', async () => {
    const { post } = await start();
    const answer = await post(statement({ attachments: Array(500_000).fill(1) }));
    expect([answer.status, answer.error]).toEqual([400, expect.stringContaining('at most 5000 values')]);
    const extensions = { 'http://x.example/large': Array(100_000).fill(1) };
    expect((await post(statement({ context: { extensions } }))).status).toBe(200);
  });
});

test('metrics and refusals of others carry no word of a statement', async () => {
  const { post, request } = await start();
  await post(statement({ id: ID }));
  await post(statement({ id: ID }));
  await post(statement({ actor: {} }));
  const { text } = await request('/metrics', {});
  expect(text).toContain('lectern_gateway_events_total{source_known="true",outcome="accepted"} 1');
  expect(text).toContain('lectern_gateway_events_total{source_known="false",outcome="duplicate"} 1');
  expect(text).toContain('lectern_gateway_events_total{source_known="false",outcome="refused"} 1');
  expect(text).not.toMatch(/alice|school\.example|adlnet/);
});
