import { afterEach, describe, expect, test } from '@jest/globals';
import { createMemoryStore } from '../../examples/client/memory-store.ts';
import { until } from '../gateway/support.ts';
import { createClientHouse, numbered } from './support.ts';

const { serve, connect, cleanUp } = createClientHouse();
afterEach(() => cleanUp.run());

describe('what a client does not take', () => {
  test.each([
    ['no kind', { event: '' }, 'INVALID'],
    ['a frame about the connection', { event: 'lock_fields' }, 'INVALID'],
    ['no JSON', { event: 'x', big: 1n }, 'INVALID'],
    ['too many bytes', { event: 'x', text: 'ä'.repeat(500_000) }, 'TOO_LARGE'],
  ])('%s', async (_name, event, code) => {
    const server = await serve();
    const client = connect({ url: server.url, store: createMemoryStore() });
    await expect(client.send(event)).rejects.toMatchObject({ code });
    await client.send(numbered(1));
    await client.flush();
    expect(server.frames).toHaveLength(2);
  });

  test('more than it may store, until some was acknowledged', async () => {
    const server = await serve({ acknowledges: false });
    const client = connect({ url: server.url, store: createMemoryStore(), maxEvents: 3 });
    const sent = await Promise.allSettled([0, 1, 2, 3].map((item) => client.send(numbered(item))));
    expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    await expect(client.send(numbered(4))).rejects.toMatchObject({ code: 'FULL' });
    await until(() => server.frames.length === 4, 'what was stored was sent');
    server.answer({ status: 'ack', through: 0 });
    await until(
      () =>
        client.send(numbered(5)).then(
          () => true,
          () => false,
        ),
      'there is room again',
    );
  });

  test('anything while the server wants nothing of its sender: what is stored is dropped', async () => {
    const server = await serve({ acknowledges: false });
    const client = connect({ url: server.url, store: createMemoryStore() });
    await client.send(numbered(0));
    await until(() => server.frames.length === 2, 'it was sent');
    server.answer({ status: 'blocklist', action: 'DROP', time_limit: 'PERMANENT', message: 'no' });
    await client.flush();
    expect(client.statusesOf('blocked')).toEqual([
      { kind: 'blocked', drop: true, forMs: Number.POSITIVE_INFINITY, message: 'no' },
    ]);
    await expect(client.send(numbered(1))).rejects.toMatchObject({ code: 'BLOCKED' });
  });

  test('a server that does not lock who sends: nothing is sent as somebody else', async () => {
    const server = await serve({ acknowledges: false, identifies: false });
    const client = connect({ url: server.url, store: createMemoryStore() });
    await client.send(numbered(0));
    await until(() => server.frames.length === 2, 'it was sent');
    const flushed = client.flush();
    server.answer({ status: 'error', error: 'fields: too many', frame: 1 });
    await expect(flushed).rejects.toMatchObject({ code: 'INVALID' });
    expect(client.statusesOf('failed')).toHaveLength(1);
    await expect(client.send(numbered(1))).rejects.toMatchObject({ code: 'INVALID' });
  });
});

test('kept back by a blocked sender, events go once the time is over', async () => {
  const server = await serve({ acknowledges: false });
  const client = connect({ url: server.url, store: createMemoryStore() });
  await client.send(numbered(0));
  await until(() => server.frames.length === 2, 'it was sent');
  server.answer({ status: 'blocklist', action: 'MAINTAIN', time_limit: 20, message: 'later' });
  await until(() => server.connections.length === 2 && server.frames.length === 2, 'it comes again');
  server.answer({ status: 'ack', through: 0 });
  await client.flush();
});
