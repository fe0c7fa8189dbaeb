import { afterEach, describe, expect, test } from '@jest/globals';
import { createAppends } from '../../services/gateway/appends.ts';
import { LecternError } from '../../services/shared/errors.ts';
import { createFakeLog, type FakeLog } from './fake-producer.ts';
import { openRequest } from './http-client.ts';
import { caliperEvent, createStandardHouse, envelope, ID, statement } from './standard-support.ts';
import { createGatewayHouse, SOURCE, until } from './support.ts';

const gateways = createGatewayHouse();
const standards = createStandardHouse();
afterEach(async () => {
  await gateways.cleanUp.run();
  await standards.cleanUp.run();
});

/** A log that takes nothing with the word `bad` in it, ever. */
function refusingLog(type = 'MESSAGE_TOO_LARGE'): FakeLog {
  const log = createFakeLog();
  const { send } = log.producer;
  return {
    ...log,
    producer: {
      async send(records) {
        if (!records.some(({ value }) => value.includes('bad'))) return send(records);
        const cause = Object.assign(new Error('more than the log takes'), { type });
        throw new LecternError('LOG_UNAVAILABLE', 'Kafka at 10.0.0.1:9092 refused it', { cause });
      },
    },
  };
}

const REASON = 'the log refused it for good: more than the log takes';

async function post(url: string, frames: readonly object[]) {
  const lock = { event: 'lock_fields', fields: { source: SOURCE, user_id: 'alice' } };
  const request = openRequest(url);
  request.end(JSON.stringify([lock, ...frames]));
  const { status, results } = await request.answer;
  return { status, results: results?.slice(1).map(({ index: _index, ...result }) => result) };
}

describe('an event that the log refuses for good', () => {
  test('is rejected with the reason, and the others of its request are accepted and durable', async () => {
    const { url, log, registry } = await gateways.start({ log: refusingLog() });
    const frames = [1, 2, 3, 4].map((n) => ({ event: n === 3 ? 'bad' : 'good', id: `e-${n}` }));
    const answer = await post(url, [...frames, { event: 'bad', id: 'e-3' }]);
    expect(answer).toEqual({
      status: 200,
      results: [
        { status: 'accepted', id: 'e-1' },
        { status: 'accepted', id: 'e-2' },
        { status: 'rejected', error: REASON },
        { status: 'accepted', id: 'e-4' },
        { status: 'rejected', error: REASON },
      ],
    });
    expect(log.written().map(({ id }) => id)).toEqual(['e-1', 'e-2', 'e-4']);
    const metrics = await registry.metrics();
    expect(metrics).toContain('lectern_gateway_events_total{source_known="true",outcome="accepted"} 3');
    expect(metrics).toContain('lectern_gateway_events_total{source_known="false",outcome="refused"} 2');
    // It is not remembered as if it were durable, and the others are.
    expect((await post(url, frames)).results?.map(({ status }) => status)).toEqual([
      'duplicate',
      'duplicate',
      'rejected',
      'duplicate',
    ]);
  });

  test('is rejected for whoever else waited for it, and costs them nothing else', async () => {
    const { url, log, registry } = await gateways.start({ log: refusingLog() });
    const queued = () => registry.getSingleMetricAsString('lectern_gateway_queue_events');
    log.hold();
    const stuck = post(url, [{ event: 'stuck' }]);
    await until(() => log.attempts() === 1, 'the log is stuck');
    const first = post(url, [
      { event: 'bad', id: 'e-1' },
      { event: 'good', id: 'e-2' },
    ]);
    await until(async () => / 3$/m.test(await queued()), 'both wait behind it');
    const again = ['e-2', 'e-1'].map((id) => post(url, [{ event: id === 'e-1' ? 'bad' : 'good', id }]));
    await new Promise((resolve) => setTimeout(resolve, 50));
    log.release();
    expect([(await stuck).status, (await first).status]).toEqual([200, 200]);
    expect((await again[0])?.results).toEqual([{ status: 'accepted', id: 'e-2' }]);
    expect((await again[1])?.results).toEqual([{ status: 'rejected', error: REASON }]);
    expect(log.written().map(({ type }) => type)).toEqual(['stuck', 'good']);
  });

  test.each([
    ['MESSAGE_TOO_LARGE', 413],
    ['INVALID_RECORD', 400],
  ])('as a statement is named, with %s as %i, and the others are durable', async (type, status) => {
    const gateway = await standards.start({ log: refusingLog(type) });
    const bad = statement({ id: ID, result: { response: 'bad' } });
    const answer = await gateway.post([statement(), bad, statement()]);
    expect([answer.status, answer.error]).toEqual([status, `id ${ID}: ${REASON}; leave it out`]);
    expect(gateway.log.written()).toHaveLength(2);
    expect((await gateway.put(`?statementId=${ID}`, bad)).status).toBe(status);
  });

  test('in an envelope is named by its place', async () => {
    const { caliper, log } = await standards.start({ log: refusingLog() });
    const items = ['good', 'bad', 'fine'].map((word) =>
      caliperEvent({ id: `urn:${word}`, extensions: { word } }),
    );
    const answer = await caliper(envelope(items));
    expect([answer.status, answer.error]).toEqual([413, `data[1]: ${REASON}; leave it out`]);
    expect(log.written()).toHaveLength(2);
  });
});

test('a log that was closed refuses no event: it was not kept, and may be sent again', async () => {
  const closed = new LecternError('CLOSED', 'the log is closed');
  const record = { topic: 't', key: 'k', value: Buffer.from('') };
  const appends = createAppends({
    publisher: {
      publish: () => ({
        kept: Promise.reject(closed),
        refused: new Map([[record, closed]]),
        cancel: () => [],
      }),
      isFull: () => false,
    },
    onKept: () => undefined,
    clockMs: () => 0,
  });
  const event = { record, id: '1', idInLog: '1', ownId: true, sourceKnown: true };
  await expect(appends.append([event])?.kept).rejects.toBe(closed);
  expect(appends.known(event)).toBeUndefined();
});
