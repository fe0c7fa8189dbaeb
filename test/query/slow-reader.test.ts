import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { LiveLimits } from '../../services/query/live.ts';
import { type QueryApp, startQueryApp } from '../support/query-app.ts';
import { waitFor } from '../support/wait.ts';

let app: QueryApp;
afterEach(() => app.close());

const ada = 'ada';

async function start(limits: Partial<LiveLimits>): Promise<void> {
  app = await startQueryApp({ limits });
  await app.claim();
}

describe('a reader that does not read', () => {
  const STATE_BYTES = 100_000;
  const MAX_BYTES = 256 * 1024;

  /** Opens a stream on a bare socket, takes its beginning, and then no more. */
  async function openUnread() {
    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
    });
    socket.write(`GET /v1/live/sample.counter?STUDENT=${ada} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await waitFor(() => received.includes('event: snapshot'));
    socket.pause();
    return { socket, received: () => received };
  }

  async function writeUntilBehind(): Promise<number> {
    let count = 0;
    await waitFor(async () => {
      count += 1;
      await app.write('counter', { STUDENT: ada }, { count, filler: 'x'.repeat(STATE_BYTES) });
      return (await app.metric('lectern_query_live_behind_total')) > 0;
    });
    return count;
  }

  test('costs bounded memory, and gets a fresh snapshot when it reads again', async () => {
    await start({ maxBufferedBytes: MAX_BYTES, coalesceMs: 1 });
    const { socket, received } = await openUnread();
    const before = await writeUntilBehind();
    app.memory.takeReads();
    const more = before + 20;
    for (let count = before + 1; count <= more; count++) {
      await app.write('counter', { STUDENT: ada }, { count, filler: 'x'.repeat(STATE_BYTES) });
      await waitFor(() => app.memory.takeReads().length > 0);
      expect(await app.metric('lectern_query_live_buffered_bytes')).toBeLessThan(MAX_BYTES + 2 * STATE_BYTES);
    }
    socket.resume();
    await waitFor(() => received().includes(`"count":${more},`));
    expect(received().split('event: snapshot')).toHaveLength(3);
    expect(received()).not.toContain(`"count":${more - 1},`);
    await app.write('counter', { STUDENT: ada }, { count: 'after' });
    await waitFor(() => received().includes('"count":"after"'));
    socket.destroy();
  });

  test('is cut off when it stays behind', async () => {
    await start({ maxBufferedBytes: MAX_BYTES, coalesceMs: 1, heartbeatMs: 20, maxBehindMs: 50 });
    const { socket } = await openUnread();
    await writeUntilBehind();
    await waitFor(async () => (await app.metric('lectern_query_live_clients')) === 0);
    socket.destroy();
  });
});
