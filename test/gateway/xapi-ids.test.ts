import { afterEach, describe, expect, test } from '@jest/globals';
import { ACTIVITY, ALICE, createStandardHouse, ID, statement, VERB } from './standard-support.ts';
import { until } from './support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

describe('a statement id that comes again', () => {
  test('with the same statement changes nothing and is answered as before', async () => {
    const { post, put, log } = await start();
    await post(statement({ id: ID }));
    expect([(await post(statement({ id: ID }))).body]).toEqual([[ID]]);
    expect((await put(`?statementId=${ID}`, statement())).status).toBe(204);
    const mixed = await post([statement(), statement({ id: ID })]);
    expect(mixed.status).toBe(200);
    expect(log.written()).toHaveLength(2);
  });

  test.each([
    ['another verb', { verb: { id: 'http://x.example/v' } }],
    ['another actor', { actor: { mbox: 'mailto:bob@school.example' } }],
    ['another object', { object: { id: 'http://x.example/a' } }],
    ['a result', { result: { completion: true } }],
    ['another time', { timestamp: '2026-01-01T00:00:00Z' }],
  ])('with %s is a conflict, and refuses the whole batch', async (_name, more) => {
    const { post, put, log } = await start();
    await post(statement({ id: ID }));
    const answer = await post([statement(), statement({ id: ID, ...more })]);
    expect([answer.status, answer.error]).toEqual([409, expect.stringContaining(`id ${ID}: `)]);
    expect((await put(`?statementId=${ID}`, statement(more))).status).toBe(409);
    expect(log.written()).toHaveLength(1);
  });

  test('is compared as the standard wants it', async () => {
    const { put, log } = await start();
    const member = [ALICE, { mbox: 'mailto:bob@school.example' }];
    const context = { contextActivities: { parent: { id: 'http://x.example/p' } } };
    const first = statement({
      actor: { objectType: 'Group', member },
      context,
      timestamp: '2026-01-01T01:00:00+01:00',
    });
    await put(`?statementId=${ID}`, first);
    const again = {
      timestamp: '2026-01-01T00:00:00.000Z',
      stored: '2026-01-01T00:00:00Z',
      version: '1.0.0',
      authority: ALICE,
      object: { objectType: 'Activity', id: ACTIVITY, definition: { name: { en: 'One' } } },
      verb: { id: VERB, display: { en: 'completed' } },
      context: { contextActivities: { parent: [{ id: 'http://x.example/p' }] } },
      actor: { member: member.toReversed(), objectType: 'Group' },
    };
    expect((await put(`?statementId=${ID}`, again)).status).toBe(204);
    expect(log.written()).toHaveLength(1);
  });

  test('while the first is on its way shares its outcome; another statement must wait', async () => {
    const { post, log } = await start();
    log.hold();
    let answered = 0;
    const both = [1, 2].map(async () => {
      const answer = await post(statement({ id: ID }));
      answered++;
      return answer;
    });
    await until(() => log.attempts() === 1, 'the send began');
    const other = await post(statement({ id: ID, result: { success: true } }));
    expect([other.status, other.headers.get('retry-after')]).toEqual([503, '1']);
    expect(answered).toBe(0);
    log.release();
    for (const answer of await Promise.all(both)) expect([answer.status, answer.body]).toEqual([200, [ID]]);
    expect(log.written()).toHaveLength(1);
  });
});

describe('the acknowledgement of statements', () => {
  test('comes only after the log has all, through failed sends', async () => {
    const { post, log } = await start();
    log.hold();
    let answered = false;
    const answer = post([statement(), statement()]).then((result) => {
      answered = true;
      return result;
    });
    await until(() => log.attempts() === 1, 'the send began');
    expect(answered).toBe(false);
    log.failNext(2);
    log.release();
    expect((await answer).status).toBe(200);
    expect(log.written()).toHaveLength(2);
  });

  test('is not given when the log is too slow: 503 with Retry-After, and the same can be sent again', async () => {
    const { post, log } = await start({ limits: { ackTimeoutMs: 50 } });
    log.hold();
    const late = await post(statement({ id: ID }));
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1']);
    log.release();
    await until(() => log.written().length === 1, 'the late one was written');
    expect((await post(statement({ id: ID }))).status).toBe(200);
    expect((await post(statement({ id: ID, result: { success: true } }))).status).toBe(409);
    expect(log.written()).toHaveLength(1);
  });

  test('is not given when the queue is full, nor beyond the requests in flight', async () => {
    for (const limits of [{ queueEvents: 1 }, { requestsInFlight: 1 }]) {
      const { post, log } = await start({ limits: { ackTimeoutMs: 5_000, ...limits } });
      log.hold();
      const first = post(statement());
      await until(() => log.attempts() === 1, 'the first is on its way');
      const refused = await post(statement());
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
      log.release();
      expect((await first).status).toBe(200);
      expect((await post(statement())).status).toBe(200);
    }
  });
});
