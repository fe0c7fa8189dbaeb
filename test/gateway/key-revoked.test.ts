import { afterEach, describe, expect, test } from '@jest/globals';
import { bearer, createDecisions } from './access-house.ts';
import { openRequest } from './http-client.ts';
import { createStandardHouse, statement } from './standard-support.ts';
import { SOURCE, until } from './support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const event = (type: string) => JSON.stringify({ event: type, source: SOURCE, user_tag: 'bob' });

describe('a key that is revoked while a request comes in', () => {
  test.each([true, false])(
    'ends it: what came before is kept, nothing after (vouching: %s)',
    async (vouches) => {
      const decisions = createDecisions();
      const { url, log } = await start({ access: decisions.access });
      const key = decisions.addKey({ vouches });
      const request = openRequest(url, bearer(key));
      await request.write(`[${event('before')},`);
      await until(() => log.written().length === 1, 'the first event is in the log');
      decisions.revoke(key);
      request.end(`${event('after')},${event('after')}]`);
      const { status, headers, error, results } = await request.answer;
      expect([status, error]).toEqual([401, 'the API key was revoked']);
      expect(headers['www-authenticate']).toBe('Bearer realm="lectern"');
      expect(results).toMatchObject([{ index: 0, status: 'accepted' }]);
      expect(log.written().map(({ type }) => type)).toEqual(['before']);
    },
  );

  test('or expires, ends it as well', async () => {
    let now = 1_000;
    const decisions = createDecisions({ clock: { every: () => () => undefined, now: () => now } });
    const { url, log } = await start({ access: decisions.access });
    const request = openRequest(url, bearer(decisions.addKey({ expires: 2_000 })));
    await request.write(`[${event('before')},`);
    await until(() => log.written().length === 1, 'the first event is in the log');
    now = 2_000;
    request.end(`${event('after')}]`);
    expect((await request.answer).status).toBe(401);
    expect(log.written()).toHaveLength(1);
  });

  test('lets no statement in whose body came too late', async () => {
    const decisions = createDecisions();
    const { url, log } = await start({ access: decisions.access });
    const key = decisions.addKey();
    const headers = { ...bearer(key), 'x-experience-api-version': '1.0.3' };
    const request = openRequest(url, headers, '/xapi/statements');
    const text = JSON.stringify(statement());
    await request.write(text.slice(0, 20));
    // Let in by then: its answer is another one than to a key that was unknown when it came.
    await new Promise((resolve) => setTimeout(resolve, 100));
    decisions.revoke(key);
    request.end(text.slice(20));
    const { status, headers: answered, error } = await request.answer;
    expect([status, error]).toEqual([401, 'the API key was revoked']);
    expect(answered['www-authenticate']).toMatch(/^Basic /);
    expect(log.written()).toEqual([]);
  });
});
