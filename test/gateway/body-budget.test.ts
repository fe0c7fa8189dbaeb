import { afterEach, describe, expect, test } from '@jest/globals';
import { createBodyBudget } from '../../services/gateway/body-budget.ts';
import { openRequest } from './http-client.ts';
import { createStandardHouse, statement } from './standard-support.ts';
import { until } from './support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const PATHS = ['/v1/events', '/xapi/statements', '/caliper'] as const;

describe('the bodies in hand', () => {
  test('share their bytes, each address has a part at most, and all of them come back', () => {
    const budget = createBodyBudget({ bodiesBytes: 100, bodiesBytesPerAddress: 60 });
    const [a, b, c] = [budget.share('a'), budget.share('b'), budget.share('a')];
    expect([a.take(50), c.take(11), c.take(10), b.take(41), b.take(40)]).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    expect([budget.hasRoom('c', 1), budget.hasRoom('a', 0)]).toEqual([false, true]);
    for (const share of [a, b, c, a]) share.end();
    expect([budget.hasRoom('c', 60), budget.hasRoom('c', 61)]).toEqual([true, false]);
    expect([budget.share('c').take(60), budget.share('d').take(41), budget.share('d').take(40)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test.each(PATHS)(
    'of all endpoints have one budget: %s answers 503 when another used it up',
    async (path) => {
      const limits = { bodiesBytes: 10_000, bodiesBytesPerAddress: 10_000 };
      const { url, post, log, request } = await start({ limits });
      log.hold();
      const large = post(statement({ result: { response: 'x'.repeat(2_000) } }));
      await until(() => log.attempts() === 1, 'its body is in hand');
      const version = { 'x-experience-api-version': '1.0.3', 'content-type': 'application/json' };
      const refused = openRequest(url, { ...version, 'content-length': '2000' }, path);
      cleanUp.add(refused.cut);
      await refused.write('[');
      const { status, headers, error } = await refused.answer;
      expect([status, headers['retry-after'], error]).toEqual([
        503,
        '1',
        'too much is coming in now; send again later',
      ]);
      log.release();
      expect((await large).status).toBe(200);
      const again = await request(path, { method: 'POST', headers: version, body: '['.padEnd(2_000) });
      expect(again.status).toBe(400);
    },
  );

  test('without a length are counted as they come in', async () => {
    const { url } = await start({ limits: { bodiesBytes: 10_000, bodiesBytesPerAddress: 10_000 } });
    const refused = openRequest(url, {}, '/caliper');
    cleanUp.add(refused.cut);
    await refused.write(' '.repeat(3_000));
    expect((await refused.answer).status).toBe(503);
  });
});
