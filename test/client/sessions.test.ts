import { afterEach, expect, test } from '@jest/globals';
import { createMemoryStore } from '../../examples/client/memory-store.ts';
import { until } from '../gateway/support.ts';
import { createClientHouse, numbered, sequencesOf } from './support.ts';

const { serve, connect, cleanUp } = createClientHouse();
afterEach(() => cleanUp.run());

test('a client that was closed sends no more; the next one on the same store goes on in the same session', async () => {
  const server = await serve({ acknowledges: false });
  const store = createMemoryStore();
  const first = connect({ url: server.url, store });
  await first.send(numbered(0));
  await first.send(numbered(1));
  const flushed = first.flush();
  await first.close();
  await expect(flushed).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(first.send(numbered(2))).rejects.toMatchObject({ code: 'CLOSED' });
  const before = server.connections.length;
  const second = connect({ url: server.url, store });
  await second.send(numbered(3));
  await until(() => server.connections.length > before && server.frames.length === 4, 'all were sent');
  expect(server.frames.slice(1).map(({ item }) => item)).toEqual([0, 1, 3]);
  const numbers = sequencesOf(server.frames) as number[];
  expect(numbers.slice(0, 2)).toEqual([0, 1]);
  expect(numbers[2]).toBeGreaterThan(1);
  const sessions = server.connections.map(([lock]) => lock!.fields);
  expect(new Set(sessions).size).toBe(1);
});

test('what one sender stored is not sent as another', async () => {
  const server = await serve({ acknowledges: false });
  const store = createMemoryStore();
  const bob = connect({ url: server.url, store });
  await bob.send(numbered(0));
  await until(() => server.frames.length === 2, 'it was sent');
  await bob.close();
  const alice = connect({ url: server.url, store, identity: { user_id: 'alice' } });
  await alice.send(numbered(1));
  await until(() => server.connections.length === 2 && server.frames.length >= 2, 'hers was sent');
  expect(server.frames.slice(1).map(({ item }) => item)).toEqual([1]);
});
