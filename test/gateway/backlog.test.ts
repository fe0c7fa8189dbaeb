import { afterEach, describe, expect, test } from '@jest/globals';
import { createGatewayHouse, TESTCASE_ONLY, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const FULL = expect.stringContaining('too many events wait for an identity; this one was not kept');
const big = { event: 'x', text: 'x'.repeat(1_000) };

describe('what waits for an identity', () => {
  test.each([
    ['in number', { backlogFrames: 3 }],
    ['in bytes', { connectionBacklogBytes: 7_000 }],
    ['in bytes, with all connections together', { backlogBytes: 7_000 }],
  ])('is bounded %s: what is more is refused, the rest is kept in order', async (_name, limits) => {
    const { url, log } = await start({ identity: TESTCASE_ONLY, limits });
    const client = await open(url);
    for (let n = 0; n < 5; n++) client.send({ ...big, n });
    client.send({ event: 'last', user_id: 'bob', n: 5 });
    await until(() => log.written().length === 4, 'what was kept was written');
    expect(log.written().map(({ clientFields }) => clientFields.n)).toEqual([0, 1, 2, 5]);
    expect(client.answers.slice(0, 2)).toEqual(
      [4, 5].map(() => ({
        status: 'error',
        error: FULL,
        remedy: expect.stringContaining('identify first'),
      })),
    );
    expect(client.answers[0]?.error).toMatch(/^frame 4: /);
  });

  test('one connection cannot take the room of all others', async () => {
    const { url } = await start({
      identity: TESTCASE_ONLY,
      limits: { connectionBacklogBytes: 7_000, backlogBytes: 10_000 },
    });
    const [greedy, other] = [await open(url), await open(url)];
    for (let n = 0; n < 5; n++) greedy.send(big);
    await until(() => greedy.answers.length === 2, 'it has no more room');
    other.send(big, { event: 'last', user_id: 'bob' });
    await until(() => other.answers.length === 1, 'it was answered');
    expect(other.answers).toEqual([{ status: 'auth', user_id: 'testcase-bob' }]);
  });

  test('of a connection that ends makes room again, and is counted', async () => {
    const { url, registry, log } = await start({ identity: TESTCASE_ONLY, limits: { backlogBytes: 7_000 } });
    const [first, second] = [await open(url), await open(url)];
    first.send(big, big, big);
    await until(async () => {
      second.send(big);
      return second.answers.length > 0;
    }, 'all room is taken');
    first.ws.close();
    const name = 'lectern_gateway_events_total';
    const line = `${name}{source_known="false",outcome="unidentified"} 3`;
    await until(async () => (await registry.getSingleMetricAsString(name)).includes(line), 'it has ended');
    second.send({ event: 'kept', text: big.text }, { event: 'last', user_id: 'bob' });
    await until(() => log.written().some(({ type }) => type === 'last'), 'the last was written');
    expect(log.written().map(({ type }) => type)).toContain('kept');
  });
});
