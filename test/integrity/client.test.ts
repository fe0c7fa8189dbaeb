import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import { createCleanUp } from '../gateway/support.ts';
import { AUDIT_MODULE, expectTrails } from '../support/audit.ts';
import { createSender } from '../support/client-process.ts';
import { expectCounts } from '../support/kill-loop.ts';
import { assertContiguous, countByStudent, firstOnes, type Kept, readLog } from '../support/ledger.ts';
import { createProgram } from '../support/product.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';

// Proven here: whatever is killed or cut between a client and the states, every event that the client promised to keep
// is in the states once, and in the order in which it was sent.

const TOPIC = 'lectern.events.org.mitros.writing_analytics';
const USERS = ['ada', 'ben'];

async function logOf(dataDir: string): Promise<Kept[]> {
  const env = await openEmbedded({ dataDir });
  const log = createEmbeddedLog({ env });
  try {
    return await readLog(log, TOPIC);
  } finally {
    await log.close();
    await env.close();
  }
}

const numberOf = ({ id }: Kept): number => Number(id.split('-')[1]);

const cleanUp = createCleanUp();
afterEach(() => cleanUp.run());

describe('clients with their events in files, through kills of all and cuts of the connection', () => {
  test('lose nothing, and nothing is counted twice', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'acks-'));
    const product = await createProgram('dist/services/standalone/main.js', {
      LECTERN_DATA_DIR: dataDir,
      LECTERN_LOG_LEVEL: 'warn',
      LECTERN_MODULES: AUDIT_MODULE,
    });
    await product.start();
    await product.ready();
    const proxy = await createTcpProxy({ host: '127.0.0.1', port: Number(new URL(product.url).port) });
    cleanUp.add(proxy.close);
    const senders = USERS.map((user) => createSender(user, `ws://127.0.0.1:${proxy.port}/wsapi/in/`));
    await Promise.all(senders.map((sender) => sender.start()));
    const faults = [
      async () => {
        await product.kill();
        await product.start();
      },
      async () => {
        await proxy.cut();
        await proxy.restore();
      },
      async () => {
        proxy.dropReplies();
        await sleep(300);
        await proxy.cut();
        await proxy.restore();
      },
      async () => {
        proxy.blackHole();
        await sleep(300);
        await proxy.cut();
        await proxy.restore();
      },
      () => senders[0]!.killAndStart(),
      () => senders[1]!.killAndStart(),
    ];
    for (const fault of [...faults, ...faults]) {
      await sleep(100 + Math.random() * 300);
      await fault();
    }
    await Promise.all(senders.map(({ stop }) => stop()));
    await product.stop();
    const logged = await logOf(dataDir);
    assertContiguous(logged);
    const once = firstOnes(logged);
    const ids = new Set(once.map(({ id }) => id));
    const promised = senders.flatMap(({ kept }) => kept);
    expect(promised.length).toBeGreaterThan(1_000);
    expect(promised.filter((id) => !ids.has(id))).toEqual([]);
    for (const user of USERS) {
      const numbers = once.filter(({ student }) => student === `tc-testcase-${user}`).map(numberOf);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
    console.info(
      `${promised.length} promised, ${once.length} kept, ${logged.length - once.length} sent again`,
    );
    await product.start();
    await expectCounts(product.url, countByStudent(once));
    await expectTrails(product.url, once);
    await product.stop();
  }, 120_000);
});
