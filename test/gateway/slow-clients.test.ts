import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import { createLettingGo } from '../../services/gateway/letting-go.ts';
import { listen } from '../../services/shared/http.ts';
import { openRequest } from './http-client.ts';
import { createStandardHouse, statement } from './standard-support.ts';
import { until } from './support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const XAPI = { 'x-experience-api-version': '1.0.3' };
const PATHS = ['/v1/events', '/xapi/statements', '/caliper'] as const;
const headersFor = (path: string) => (path === '/xapi/statements' ? XAPI : {});

describe('senders that are slow', () => {
  test.each(PATHS)('cannot use up the requests of %s from one address', async (path) => {
    const limits = { requestsInFlight: 4, requestsPerAddress: 2 };
    const { url } = await start({ limits, proxies: 1 });
    const from = (address: string) => {
      const request = openRequest(url, { 'x-forwarded-for': address, ...headersFor(path) }, path);
      cleanUp.add(request.cut);
      return request;
    };
    const stalled = ['10.0.0.1', '10.0.0.1', '10.0.0.2'].map(from);
    for (const request of stalled) await request.write('[');
    const refused = from('10.0.0.1');
    const { status, headers, error } = await refused.answer;
    expect([status, headers['retry-after']]).toEqual([429, '1']);
    expect(error).toContain('an address may have at most 2 requests under way');
    const other = from('10.0.0.3');
    other.end('{');
    expect((await other.answer).status).toBe(400);
    stalled[0]!.cut();
    const again = async (): Promise<boolean> => {
      const request = from('10.0.0.1');
      request.end('{');
      return (await request.answer).status === 400;
    };
    await until(again, 'there is room again');
  });

  test.each(PATHS)('and stall are told so by %s, 408, and their connection closes', async (path) => {
    const { url } = await start({ limits: { stallMs: 100 } });
    const request = openRequest(url, headersFor(path), path);
    await request.write('[');
    const { status, headers, error } = await request.answer;
    expect([status, headers.connection]).toEqual([408, 'close']);
    expect(error).toContain('did not come in time');
  });

  test('a compressed body is refused where none is read', async () => {
    const { post, caliper } = await start();
    for (const answer of [
      await post(statement(), { 'content-encoding': 'gzip' }),
      await caliper({}, { 'content-encoding': 'br' }),
    ])
      expect([answer.status, answer.error]).toEqual([415, expect.stringMatching(/^content-encoding: /)]);
  });
});

describe('a client that was answered', () => {
  test.each(PATHS)('by %s in the middle of its body and sends no more is cut off', async (path) => {
    const { port } = await start({ limits: { answerMs: 150 } });
    const client = connectTcp(port, '127.0.0.1');
    cleanUp.add(() => client.destroy());
    let said = '';
    client.on('data', (chunk) => {
      said += chunk.toString();
    });
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nX-Experience-API-Version: 1.0.3\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nab`,
    );
    await until(() => said.startsWith('HTTP/1.1 4'), 'it was answered');
    const since = performance.now();
    await closed;
    expect(performance.now() - since).toBeLessThan(4_000);
  });

  test('and does not take its answer is cut off', async () => {
    let gone = false;
    const app = express();
    app.use(createLettingGo({ answerMs: 50 }), (_request, response) => {
      response.once('close', () => {
        gone = true;
      });
      // More than any system keeps for a connection.
      response.end(Buffer.alloc(60_000_000));
    });
    const listening = await listen(app, '127.0.0.1', 0);
    cleanUp.add(listening.close);
    const client = connectTcp(Number(new URL(listening.url).port), '127.0.0.1');
    client.pause();
    cleanUp.add(() => client.destroy());
    client.on('error', () => undefined);
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => gone, 'it was cut off');
  });

  test('has the time that its work takes, however long that is', async () => {
    const app = express();
    app.use(createLettingGo({ answerMs: 20 }), (_request, response) => {
      setTimeout(() => response.end('late'), 300);
    });
    const listening = await listen(app, '127.0.0.1', 0);
    cleanUp.add(listening.close);
    expect(await (await fetch(listening.url)).text()).toBe('late');
  });
});
