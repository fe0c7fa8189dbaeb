import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import { ask } from './raw-request.ts';
import { createStandardHouse } from './standard-support.ts';
import { until } from './support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

/** What many clients send along with their first request. */
const HTTP2 = {
  connection: 'Upgrade, HTTP2-Settings',
  upgrade: 'h2c',
  'http2-settings': 'AAMAAABkAAQCAAAAAAIAAAAA',
  'content-type': 'application/json',
};

const frame = (id: string, text_ = 'é') => ({ event: 'x', user_id: 'bob', id, text: text_ });

test('a client that would like HTTP/2 gets its answer without', async () => {
  const { url, log } = await start();
  const body = JSON.stringify([frame('e-1')]);
  const answer = await ask(url, { method: 'POST', path: '/v1/events', headers: HTTP2, body });
  expect([answer.status, JSON.parse(answer.text)]).toEqual([
    200,
    { results: [{ index: 0, status: 'accepted', id: 'e-1' }] },
  ]);
  expect(log.written().map(({ clientFields }) => clientFields.text)).toEqual(['é']);
  expect((await ask(url, { method: 'GET', path: '/healthz', headers: HTTP2 })).status).toBe(200);
  expect((await ask(url, { method: 'GET', path: '/nothing', headers: HTTP2 })).text).toContain(
    'no such path',
  );
});

test('its body may come bit by bit, and others may follow on the connection', async () => {
  const { url, log } = await start();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanUp.add(() => agent.destroy());
  const long = 'x'.repeat(300_000);
  const first = request(`${url}/v1/events`, { method: 'POST', agent, headers: HTTP2 });
  const answered = new Promise<string>((resolve, reject) => {
    first.once('error', reject).once('response', (response) => void text(response).then(resolve, reject));
  });
  first.write(`[${JSON.stringify(frame('e-1', long))},`);
  await until(() => log.written().length === 1, 'the first event is written');
  first.end(`${JSON.stringify(frame('e-2', long))}]`);
  expect(await answered).toContain('"id":"e-2"');
  const second = request(`${url}/healthz`, { agent }).end();
  const status = await new Promise((resolve, reject) => {
    second.once('error', reject).once('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
  });
  expect([status, second.reusedSocket]).toEqual([200, true]);
});

test('on the path of the socket it is told what is spoken there', async () => {
  const { url } = await start();
  const answer = await ask(url, { method: 'GET', path: '/wsapi/in/', headers: HTTP2 });
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('RFC 6455')]);
});
