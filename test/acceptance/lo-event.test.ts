import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import { readLog } from '../support/ledger.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

// The client takes an event from its queue, sends it and forgets it, so it can promise nothing of what is under way when
// a connection breaks. When it is idle, it has already taken the next event from its queue, so to say: the first that
// comes while it is disconnected is written to the dead connection, and lost in the client. All others wait in its queue.

const SOURCE = 'org.mitros.writing_analytics';
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe('the lo_event client in Node, as it is', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'lo-event-'));
  let product: RestartableProgram;
  let client: ChildProcessByStdio<Writable, null, null>;

  const send = (items: readonly number[]): void =>
    void client.stdin.write(items.map((item) => `${item}\n`).join(''));
  const count = async (): Promise<number> => {
    const url = `${product.url}/v1/state/student_events.student_event_counter?STUDENT=tc-testcase-alice`;
    return ((await (await fetch(url)).json()) as { state: { count: number } }).state.count;
  };
  const counted = (enough: number): Promise<unknown> =>
    waitFor(async () => (await count().catch(() => 0)) >= enough, {
      message: `${enough} events are counted`,
      timeoutMs: 40_000,
    });

  beforeAll(async () => {
    const env = { LECTERN_DATA_DIR: dataDir, LECTERN_LOG_LEVEL: 'warn', LECTERN_IDENTITY: 'testcase_auth' };
    product = await createProgram('dist/services/standalone/main.js', env);
    await product.start();
    await product.ready();
    const script = join(import.meta.dirname, 'lo-event-sender.mjs');
    client = spawn(
      process.execPath,
      [script, `${product.url.replace('http', 'ws')}/wsapi/in/`, SOURCE, 'alice'],
      {
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
  }, 60_000);
  afterAll(async () => {
    client?.kill('SIGKILL');
    if (product?.running()) await product.kill();
  });

  test('has every event in the state, also those of a time without a server, but the first of them', async () => {
    send(range(0, 50));
    await counted(50);
    expect(await product.stop()).toBe(0);
    send(range(50, 60));
    await product.start();
    await counted(59);
    send(range(60, 70));
    await counted(69);
    expect(await product.stop()).toBe(0);

    const env = await openEmbedded({ dataDir });
    const log = createEmbeddedLog({ env });
    const items = (await readLog(log, `lectern.events.${SOURCE}`)).map(({ item }) => item);
    await log.close();
    await env.close();
    const without = items.includes(50) ? [] : [50];
    expect(items).toEqual(range(0, 70).filter((item) => !without.includes(item)));
  }, 90_000);
});
