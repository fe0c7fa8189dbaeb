import { afterEach, describe, expect, test } from '@jest/globals';
import { bearer, createDecisions } from './access-house.ts';
import { caliperEvent, createStandardHouse, envelope, statement } from './standard-support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const CLOSED = { open: false, credentials: ['lms:secret'], tokens: ['sensor-1'] };
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

describe('statements and envelopes', () => {
  test('are taken with an API key for their source, as well as with the credentials of their own', async () => {
    const decisions = createDecisions({ requireKey: true });
    const gateway = await start({ ...CLOSED, access: decisions.access });
    const key = decisions.addKey({ sources: ['xapi', 'caliper'] });
    const statuses = [
      await gateway.post(statement(), basic('anybody', key)),
      await gateway.post(statement(), bearer(key)),
      await gateway.post(statement(), basic('lms', 'secret')),
      await gateway.caliper(envelope([caliperEvent()]), bearer(key)),
      await gateway.caliper(envelope([caliperEvent()]), bearer('sensor-1')),
    ].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    expect(gateway.log.written().map(({ source }) => source)).toEqual([
      ...['xapi', 'xapi', 'xapi'],
      ...['caliper', 'caliper'],
    ]);
  });

  test('are refused without, with a key for another source, and with one that was revoked', async () => {
    const decisions = createDecisions();
    const gateway = await start({ ...CLOSED, access: decisions.access });
    const [other, revoked] = [decisions.addKey({ sources: ['caliper'] }), decisions.addKey()];
    decisions.revoke(revoked);
    expect(await gateway.post(statement())).toMatchObject({ status: 401 });
    expect(await gateway.post(statement(), bearer(other))).toMatchObject({
      status: 403,
      error: expect.stringMatching(/^the API key [0-9a-f]{12} is not for the source xapi; use one that is$/),
    });
    for (const answer of [
      await gateway.post(statement(), basic('x', revoked)),
      await gateway.caliper(envelope([caliperEvent()]), bearer(revoked)),
    ])
      expect(answer.status).toBe(401);
    expect(gateway.log.written()).toEqual([]);
  });

  test('of a source or a learner that is blocked are refused as a whole, with the words of the block', async () => {
    const decisions = createDecisions();
    const gateway = await start({ access: decisions.access });
    await gateway.caliper(envelope([caliperEvent()]));
    const [{ key: learner } = { key: '' }] = gateway.log.written();
    decisions.block({ subject: 'source', value: 'xapi', message: 'no statements' });
    decisions.block({ subject: 'safe_user_id', value: learner, message: 'not this one' });
    expect(await gateway.post([statement(), statement()])).toMatchObject({
      status: 403,
      error: 'no statements',
    });
    const both = [caliperEvent({ id: 'urn:uuid:1', actor: { id: 'https://x.org/2', type: 'Person' } })];
    expect(await gateway.caliper(envelope([...both, caliperEvent()]))).toMatchObject({
      status: 403,
      error: 'not this one',
    });
    expect(gateway.log.written()).toHaveLength(1);
  });
});
