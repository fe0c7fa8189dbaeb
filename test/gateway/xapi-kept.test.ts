import { afterEach, describe, expect, test } from '@jest/globals';
import { createStandardHouse, ID, statement } from './standard-support.ts';
import { until } from './support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const OTHER_ID = ID.replace('7', '8');

describe('a statement that was not kept', () => {
  test('because nobody waited any longer, is appended when it is sent again', async () => {
    const { post, log } = await start({ limits: { ackTimeoutMs: 100 } });
    log.hold();
    const stuck = post(statement({ id: ID }));
    await until(() => log.attempts() === 1, 'the log is stuck');
    expect((await post(statement({ id: OTHER_ID }))).status).toBe(503);
    await stuck;
    log.release();
    await until(() => log.written().length === 1, 'the log goes on');
    expect((await post(statement({ id: OTHER_ID }))).status).toBe(200);
    expect(log.written().map(({ id }) => id)).toEqual([ID, OTHER_ID]);
  });

  test('in part, is appended where its attempt had not begun, and known where it had', async () => {
    const { post, log } = await start({ limits: { ackTimeoutMs: 100, batchBytes: 1 } });
    log.hold();
    const both = [statement({ id: ID }), statement({ id: OTHER_ID })];
    const first = post(both);
    await until(() => log.attempts() === 1, 'the first of two is on its way');
    expect((await first).status).toBe(503);
    log.release();
    await until(() => log.written().length === 1, 'the log goes on');
    expect((await post(both)).status).toBe(200);
    expect(log.written().map(({ id }) => id)).toEqual([ID, OTHER_ID]);
  });

  test('is not dropped while another request waits for the same', async () => {
    const { post, log } = await start({ limits: { ackTimeoutMs: 300 } });
    log.hold();
    const stuck = post(statement());
    await until(() => log.attempts() === 1, 'the log is stuck');
    const first = post(statement({ id: ID }));
    await new Promise((resolve) => setTimeout(resolve, 150));
    const again = post(statement({ id: ID }));
    expect([(await stuck).status, (await first).status]).toEqual([503, 503]);
    log.release();
    expect((await again).status).toBe(200);
    expect(log.written().filter(({ id }) => id === ID)).toHaveLength(1);
  });
});

test('of two different statements that come at once with one id only one is taken', async () => {
  const { post, log } = await start({ ltiSecret: 'x'.repeat(32) });
  // To find out that it is no launch takes some time, in which both requests are in hand.
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const cookie = `lectern_lti=${part({ alg: 'HS256' })}.${part({ sub: 'x', exp: 9e9 })}.${'A'.repeat(43)}`;
  for (let round = 0; round < 20; round++) {
    const id = `${ID.slice(0, -2)}${String(round).padStart(2, '0')}`;
    const answers = await Promise.all(
      [true, false].map((success) => post(statement({ id, result: { success } }), { cookie })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(200);
    expect([409, 503]).toContain(statuses[1]);
    expect(log.written()).toHaveLength(round + 1);
  }
});
