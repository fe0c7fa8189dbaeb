import { afterEach, describe, expect, test } from '@jest/globals';
import { createMemoryStore } from '../../examples/client/memory-store.ts';
import { until } from '../gateway/support.ts';
import { createClientHouse, isPending, numbered, sequencesOf } from './support.ts';

const { serve, connect, cleanUp } = createClientHouse();
afterEach(() => cleanUp.run());

describe('a client of the gateway', () => {
  test('locks who sends, numbers events in the order of the calls, and is done when all are acknowledged', async () => {
    const { url, frames, ...server } = await serve();
    const client = connect({ url, store: createMemoryStore(), fields: { version: '2' } });
    await Promise.all([1, 2, 3].map((item) => client.send(numbered(item))));
    await client.flush();
    const [lock, ...events] = server.connections[0]!;
    expect(frames).toEqual([]);
    expect(lock).toEqual({
      event: 'lock_fields',
      fields: { version: '2', user_id: 'bob', source: 'org.mitros.test', session: expect.any(String) },
    });
    const { session } = lock!.fields as { session: string };
    expect(events).toEqual(
      [0, 1, 2].map((sequence) => ({
        event: 'x',
        item: sequence + 1,
        id: `${session}-${sequence}`,
        sequence,
      })),
    );
    expect(client.statuses).toEqual([{ kind: 'connected' }, { kind: 'identified', userId: 'bob' }]);
  });

  test('sends again, in order, what was not acknowledged when the connection was lost', async () => {
    const server = await serve({ acknowledges: false });
    const client = connect({ url: server.url, store: createMemoryStore() });
    for (let item = 0; item < 5; item++) await client.send(numbered(item));
    await until(() => server.frames.length === 6, 'all were sent');
    server.answer({ status: 'ack', through: 1 });
    server.close(1012, 'restarting');
    await until(
      () => server.connections.length === 2 && server.frames.length === 4,
      'what is left comes again',
    );
    expect(sequencesOf(server.frames)).toEqual([2, 3, 4]);
    const flushed = client.flush();
    expect(await isPending(flushed)).toBe(true);
    server.answer({ status: 'ack', through: 4 });
    await flushed;
    expect(client.statusesOf('disconnected')).toEqual([
      { kind: 'disconnected', reason: 'restarting', retryInMs: expect.any(Number) },
    ]);
  });

  test('takes no acknowledgement of what this connection did not send, or of another session', async () => {
    const server = await serve({ acknowledges: false, identifies: false });
    const client = connect({ url: server.url, store: createMemoryStore() });
    for (let item = 0; item < 3; item++) await client.send(numbered(item));
    await until(
      () => server.frames.length === 2,
      'the first was sent, and no more until the sender is known',
    );
    const flushed = client.flush();
    server.answer({ status: 'ack', session: 'another', through: 0 });
    server.answer({ status: 'ack', through: 2 });
    await until(() => server.frames.length === 3, 'the first was acknowledged');
    expect(await isPending(flushed)).toBe(true);
    server.answer({ status: 'auth', user_id: 'bob' });
    await until(() => server.frames.length === 4, 'all were sent');
    server.answer({ status: 'ack', through: 2 });
    await flushed;
  });

  test.each([
    ['its number', { sequence: 1 }],
    ['its frame', { frame: 3 }],
  ])('tells of an event that the server refused by %s, and does not send it again', async (_name, which) => {
    const server = await serve({ acknowledges: false });
    const client = connect({ url: server.url, store: createMemoryStore() });
    for (let item = 0; item < 3; item++) await client.send(numbered(item));
    await until(() => server.frames.length === 4, 'all were sent');
    server.answer({ status: 'error', error: 'no', remedy: 'mend it', ...which });
    await until(() => client.statusesOf('refused').length === 1, 'it is told');
    expect(client.statusesOf('refused')[0]).toMatchObject({
      event: { item: 1 },
      error: 'no',
      remedy: 'mend it',
    });
    server.close(1012);
    await until(() => server.connections.length === 2 && server.frames.length === 3, 'the others come again');
    expect(sequencesOf(server.frames)).toEqual([0, 2]);
    server.answer({ status: 'ack', through: 2 });
    await client.flush();
  });

  test('gives up the largest event when the server closes because of one that is too big', async () => {
    const server = await serve({ acknowledges: false });
    const client = connect({ url: server.url, store: createMemoryStore() });
    await client.send(numbered(0));
    await client.send({ event: 'x', item: 1, text: 'x'.repeat(1_000) });
    await client.send(numbered(2));
    await until(() => server.frames.length === 4, 'all were sent');
    server.close(1009, 'a frame may have at most 500 bytes');
    await until(() => server.connections.length === 2 && server.frames.length === 3, 'the others come again');
    expect(sequencesOf(server.frames)).toEqual([0, 2]);
    expect(client.statusesOf('refused')).toEqual([
      expect.objectContaining({
        event: expect.objectContaining({ item: 1 }),
        error: expect.stringContaining('500'),
      }),
    ]);
  });

  test('lets go of a connection on which nothing is acknowledged', async () => {
    const server = await serve({ acknowledges: false });
    const client = connect({ url: server.url, store: createMemoryStore(), ackTimeoutMs: 50 });
    await client.send(numbered(0));
    await until(() => server.connections.length === 3, 'it connects again and again');
    expect(client.statusesOf('disconnected')[0]).toMatchObject({
      reason: 'nothing was acknowledged in time',
    });
  });

  test('waits longer after every failure, with chance, and starts anew after an acknowledgement', async () => {
    const server = await serve({ acknowledges: false });
    const client = connect({ url: server.url, store: createMemoryStore(), retryMinMs: 8, retryMaxMs: 32 });
    await client.send(numbered(0));
    for (let round = 1; round <= 4; round++) {
      await until(() => server.connections.length === round && server.frames.length === 2, 'it came');
      server.close(1013);
      await until(() => client.statusesOf('disconnected').length === round, 'it was told');
    }
    const waits = client.statusesOf('disconnected').map(({ retryInMs }) => retryInMs);
    for (const [round, ceilingMs] of [8, 16, 32, 32].entries()) {
      expect(waits[round]).toBeGreaterThanOrEqual(ceilingMs / 2);
      expect(waits[round]).toBeLessThanOrEqual(ceilingMs);
    }
    await until(() => server.connections.length === 5 && server.frames.length === 2, 'it came again');
    server.answer({ status: 'ack', through: 0 });
    await client.flush();
    server.close(1013);
    await until(() => client.statusesOf('disconnected').length === 5, 'it was told');
    expect(client.statusesOf('disconnected')[4]?.retryInMs).toBeLessThanOrEqual(8);
  });
});
